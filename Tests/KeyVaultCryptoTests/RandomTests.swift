import KeyVaultCrypto
import Testing

@Suite struct RandomTests {
    @Test func neverTheSameTwice() throws {
        #expect(try Random.bytes(32).count == 32)
        #expect(try Random.bytes(0).isEmpty)
        #expect(try Random.bytes(32) != Random.bytes(32))
        #expect(try GuardedBytes.random(count: 32).exposed() != GuardedBytes.random(count: 32).exposed())
    }
}
