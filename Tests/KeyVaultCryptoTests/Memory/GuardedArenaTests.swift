import Foundation
import Synchronization
import Testing

@testable import KeyVaultCrypto

@Suite struct GuardedArenaTests {
    /// A slot of each size.
    @Test(arguments: [1024, 8192, GuardedArena.maximumLength]) func aReturnedSlotIsWiped(_ count: Int) throws {
        // Another test may take the slot before it is looked at: once in ten times nobody does.
        let isWiped = try (0..<10).contains { _ in
            let slot = try GuardedArena.take(count)
            // `count` bytes and this test's alone; a slot is never unmapped, so it can be looked at afterwards.
            unsafe slot.address.initializeMemory(as: UInt8.self, repeating: 0xAA, count: count)
            GuardedArena.put(slot, count: count)
            return unsafe UnsafeRawBufferPointer(start: slot.address, count: count).allSatisfy { $0 == 0 }
        }
        #expect(isWiped)
    }

    @Test func noPieceIsHandedOutTwiceNorBeforeItIsWiped() {
        let faults = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for round in 0..<2000 {
                // More than a thread keeps for itself; given back in the order they were taken in.
                var pieces = (0..<12).compactMap { _ in try? Piece(byte: UInt8(thread + 1), round) }
                if pieces.count < 12 || !pieces.allSatisfy(\.isWhole) { faults.add(1, ordering: .relaxed) }
                if round % 7 == 0 { sched_yield() }
                while !pieces.isEmpty {
                    if !pieces.removeFirst().isWhole { faults.add(1, ordering: .relaxed) }
                }
            }
        }
        #expect(faults.load(ordering: .relaxed) == 0)
    }

    /// Copyable, so that a test can hold many.
    private final class Piece {
        private let bytes: GuardedBytes
        private let byte: UInt8

        init(byte: UInt8, _ round: Int) throws {
            var bytes = try GuardedBytes(count: 1 + round % 200)
            let wasZero = bytes.withSpan { span in span.indices.allSatisfy { span[$0] == 0 } }
            bytes.withMutableSpan { span in for index in span.indices { span[index] = wasZero ? byte : 0xFF } }
            self.bytes = bytes
            self.byte = byte
        }

        var isWhole: Bool { bytes.withSpan { span in span.indices.allSatisfy { span[$0] == byte } } }
    }
}
