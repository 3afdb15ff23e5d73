import KeyVaultSQLite
import KeyVaultStorage
import KeyVaultTesting
import TestSupport
import Testing

@Suite struct SQLiteStoreConformanceTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: StoreConformance.cases)
    func conforms(_ testCase: StoreConformance.Case) async throws {
        let suite = StoreConformance(traits: [.durable, .shared]) { [folder] place in
            // However long the disk takes: nobody is to be busy here.
            try await SQLiteStore.open(folder.file(place), create: true, busyTimeout: .seconds(3_600))
        }
        try await suite.check(testCase)
    }
}
