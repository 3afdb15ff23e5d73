import Foundation
import Synchronization
import Testing

@testable import KeyVaultCrypto

@Suite struct SlotPoolTests {
    private static let slotSize = 4096

    @Test func aReturnedSlotIsHandedOutAgain() throws {
        let pool = SlotPool(slotSize: Self.slotSize, slotsPerChunk: 1)
        let first = try pool.take()
        unsafe first.chunk.pointee.put(first)
        let again = try pool.take()
        let isSame = unsafe again.address == first.address
        #expect(isSame)
    }

    @Test func growsWhenAllSlotsAreTaken() throws {
        let pool = SlotPool(slotSize: Self.slotSize, slotsPerChunk: 2)
        var addresses: Set<UInt> = []
        for _ in 0..<100 { unsafe addresses.insert(UInt(bitPattern: try pool.take().address)) }
        #expect(addresses.count == 100)
        let (locked, unlocked) = pool.lockedBytes
        #expect(locked + unlocked >= 100 * Self.slotSize)
    }

    @Test func noSlotIsHandedOutTwice() {
        let pool = SlotPool(slotSize: Self.slotSize, slotsPerChunk: 3)
        let faults = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for round in 0..<2000 {
                guard let taken = try? pool.take() else {
                    faults.add(1, ordering: .relaxed)
                    continue
                }
                let mark = UInt64(thread << 32 | round | 1)
                // 4096 bytes, aligned, and this thread's alone if the pool is right.
                let word = unsafe taken.address.assumingMemoryBound(to: UInt64.self)
                if unsafe word.pointee != 0 { faults.add(1, ordering: .relaxed) }
                unsafe word.pointee = mark
                if round % 7 == 0 { sched_yield() }
                if unsafe word.pointee != mark { faults.add(1, ordering: .relaxed) }
                unsafe word.pointee = 0
                unsafe taken.chunk.pointee.put(taken)
            }
        }
        #expect(faults.load(ordering: .relaxed) == 0)
    }
}
