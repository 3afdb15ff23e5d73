import Foundation
import Synchronization
import Testing

@testable import KeyVaultCrypto

@Suite struct SlotPoolTests {
    private static let slotSize = 4096

    @Test func aReturnedSlotIsWipedAndHandedOutAgain() throws {
        let pool = SlotPool(slotSize: Self.slotSize, slotsPerChunk: 1)
        let first = try unsafe pool.take()
        // The slot is 4096 bytes long and this test's alone; a chunk is never unmapped, so it can be looked at afterwards.
        unsafe first.slot.initializeMemory(as: UInt8.self, repeating: 0xAA, count: 100)
        unsafe first.chunk.pointee.put(first.slot, used: 100)
        let bytes = unsafe UnsafeRawBufferPointer(start: first.slot, count: 100)
        let isWiped = unsafe bytes.allSatisfy { $0 == 0 }
        #expect(isWiped)
        let again = unsafe first.chunk.pointee.take()
        let isSame = unsafe again == first.slot
        #expect(isSame)
    }

    @Test func growsWhenAllSlotsAreTaken() throws {
        let pool = SlotPool(slotSize: Self.slotSize, slotsPerChunk: 2)
        var addresses: Set<UInt> = []
        for _ in 0..<100 { unsafe addresses.insert(UInt(bitPattern: try pool.take().slot)) }
        #expect(addresses.count == 100)
        let (locked, unlocked) = pool.lockedBytes
        #expect(locked + unlocked >= 100 * Self.slotSize)
    }

    @Test func noSlotIsHandedOutTwice() {
        let pool = SlotPool(slotSize: Self.slotSize, slotsPerChunk: 3)
        let faults = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for round in 0..<2000 {
                guard let taken = try? unsafe pool.take() else {
                    faults.add(1, ordering: .relaxed)
                    continue
                }
                let mark = UInt64(thread << 32 | round | 1)
                // 4096 bytes, aligned, and this thread's alone if the pool is right.
                let word = unsafe taken.slot.assumingMemoryBound(to: UInt64.self)
                if unsafe word.pointee != 0 { faults.add(1, ordering: .relaxed) }
                unsafe word.pointee = mark
                if round % 7 == 0 { sched_yield() }
                if unsafe word.pointee != mark { faults.add(1, ordering: .relaxed) }
                unsafe taken.chunk.pointee.put(taken.slot, used: 8)
            }
        }
        #expect(faults.load(ordering: .relaxed) == 0)
    }
}
