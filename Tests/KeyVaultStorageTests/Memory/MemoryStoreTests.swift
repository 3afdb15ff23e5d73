import KeyVaultStorage
import KeyVaultTesting
import Testing

@Suite struct MemoryStoreTests {
    @Test(arguments: StoreConformance.cases)
    func conforms(_ testCase: StoreConformance.Case) async throws {
        try await StoreConformance { _ in MemoryStore() }.check(testCase)
    }
}
