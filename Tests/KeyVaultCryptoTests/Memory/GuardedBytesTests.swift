import Testing

@testable import KeyVaultCrypto

@Suite struct GuardedBytesTests {
    /// Copyable, so that a test can hold many.
    private final class Holder {
        let bytes: GuardedBytes

        init(_ bytes: consuming GuardedBytes) { self.bytes = bytes }
    }

    @Test(arguments: [0, 1, 32, 1024, 1025, 8192, 8193, 65_536, GuardedArena.maximumLength])
    func isZeroAtFirstAndHoldsWhatIsWritten(_ count: Int) throws {
        for _ in 0..<3 {
            var bytes = try GuardedBytes(count: count)
            #expect(bytes.count == count)
            #expect(bytes.holds { _ in 0 })
            bytes.withMutableSpan { span in for index in span.indices { span[index] = 0xAA } }
            #expect(bytes.holds { _ in 0xAA })
        }
        let copy = try Samples.guarded(Samples.counting(count))
        #expect(copy.holds { UInt8($0 % 251) })
    }

    @Test(arguments: [GuardedArena.maximumLength + 1, 1 << 40])
    func refusesWhatIsTooLarge(_ count: Int) {
        #expect(throws: CryptoError.outOfMemory) { _ = try GuardedBytes(count: count) }
    }

    @Test func growsBeyondAChunkWithoutOverlap() throws {
        // More than eight first chunks of 64 slots have.
        let holders = try (0..<600).map { index in
            Holder(try GuardedBytes(copying: [UInt8](repeating: UInt8(index % 256), count: 1024).span))
        }
        for (index, holder) in holders.enumerated() {
            #expect(holder.bytes.holds { _ in UInt8(index % 256) })
        }
        let (locked, unlocked) = GuardedArena.statistics
        #expect(locked + unlocked >= 600 * 1024)
    }

    @Test func anAsyncClosureMayWait() async throws {
        let bytes = try Samples.guarded([1, 2, 3])
        let sum = await bytes.withSpan { span in
            await Task.yield()
            return span.indices.reduce(0) { $0 + Int(span[$1]) }
        }
        #expect(sum == 6)
    }
}

extension GuardedBytes {
    /// Compares by itself: an expectation that fails would compute how two large arrays differ, for minutes.
    fileprivate borrowing func holds(_ byte: (Int) -> UInt8) -> Bool {
        withSpan { span in span.indices.allSatisfy { span[$0] == byte($0) } }
    }
}
