import Testing

@testable import KeyVaultCrypto

@Suite struct SlotChunkTests {
    private static let slotSize = 4096

    @Test func isGuardedLockedAndAbsentFromDumpsAndForks() throws {
        let chunk = try SlotChunk(slotSize: Self.slotSize, count: 4)
        let slot = try unsafe #require(chunk.take())
        let address = UInt(bitPattern: slot)
        let mapping = try #require(try MemoryMap.mapping(at: address))
        #expect(mapping.permissions == "rw-p")
        // Not dumped, wiped on fork.
        #expect(mapping.flags.contains("dd"))
        #expect(mapping.flags.contains("wf"))
        #expect(mapping.flags.contains("lo") == chunk.isLocked)

        let (before, after) = try (
            MemoryMap.mapping(at: address - 1), MemoryMap.mapping(at: address + UInt(4 * Self.slotSize))
        )
        #expect(before?.permissions == "---p")
        #expect(after?.permissions == "---p")
    }

    @Test(arguments: [1, 4, 63, 64]) func hasAsManySlotsAsItWasMadeWith(_ count: Int) throws {
        let chunk = try SlotChunk(slotSize: Self.slotSize, count: count)
        var slots: Set<UInt> = []
        while let slot = unsafe chunk.take() { slots.insert(UInt(bitPattern: slot)) }
        #expect(slots.count == count)
        #expect(slots.allSatisfy { $0 % UInt(Self.slotSize) == 0 })
    }

    @Test func moreThanThereIsIsATypedError() {
        #expect(throws: CryptoError.outOfMemory) { _ = try SlotChunk(slotSize: 1 << 50, count: 1) }
    }
}
