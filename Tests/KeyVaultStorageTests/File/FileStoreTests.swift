import KeyVaultFormat
import KeyVaultStorage
import KeyVaultTesting
import Testing

@Suite struct FileStoreTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: StoreConformance.cases)
    func conforms(_ testCase: StoreConformance.Case) async throws {
        try await StoreConformance(traits: [.durable], size: 10_000) { [folder] place in
            try await FileStore.open(folder.file(place))
        }
        .check(testCase)
    }
}
