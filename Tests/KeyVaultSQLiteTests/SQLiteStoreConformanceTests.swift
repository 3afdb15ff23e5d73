import KeyVaultSQLite
import KeyVaultStorage
import KeyVaultTesting
import Testing

@Suite struct SQLiteStoreConformanceTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    @Test(arguments: StoreConformance.cases)
    func conforms(_ testCase: StoreConformance.Case) async throws {
        let suite = StoreConformance(traits: [.durable, .shared]) { [directory] place in
            // However long the disk takes: nobody is to be busy here.
            try await SQLiteStore.open(directory(place), create: true, busyTimeout: .seconds(3_600))
        }
        try await suite.check(testCase)
    }
}
