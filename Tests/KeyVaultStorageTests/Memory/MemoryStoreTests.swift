import KeyVaultStorage
import KeyVaultTesting
import Testing

@Suite struct MemoryStoreTests {
    @Test(arguments: StoreConformance.cases)
    func conforms(_ testCase: StoreConformance.Case) async throws {
        try await StoreConformance { _ in MemoryStore() }.check(testCase)
    }

    @Test func theLastGenerationIsNotPassed() async throws {
        let (store, last) = (MemoryStore(), UInt64(Int64.max))
        try await store.create(header: [1], generation: last)
        await #expect(throws: StoreError(.invalid, "")) {
            try await store.write(WriteBatch(generation: last, header: [2]))
        }
        #expect(try await store.readHead()?.header == [1])
    }
}
