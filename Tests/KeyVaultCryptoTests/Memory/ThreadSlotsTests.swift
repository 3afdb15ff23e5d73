import Glibc
import Synchronization
import Testing

@testable import KeyVaultCrypto

@Suite struct ThreadSlotsTests {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a thread of its own, and waits until that has ended with all that pthread does at its end.
    private func onAThread(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        // Released by the thread.
        let argument = unsafe Unmanaged.passRetained(Body(body)).toOpaque()
        let status = unsafe pthread_create(
            &thread, nil,
            { argument in
                guard let argument = unsafe argument else { return nil }
                unsafe Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, argument)
        #expect(status == 0)
        pthread_join(thread, nil)
    }

    @Test func aThreadKeepsEightAndHandsThemOutAgain() throws {
        let pool = SlotPool(slotSize: 1024, slotsPerChunk: 16)
        let slots = try (0..<9).map { _ in try pool.take() }
        let sentinel = try ForkSentinel()
        let addresses = Mutex<(kept: [UInt], taken: [UInt])>(([], []))
        onAThread {
            ThreadSlots.makeCurrent(sentinel: sentinel)
            // This thread's, until it ends.
            guard let mine = unsafe ThreadSlots.current else { return }
            addresses.withLock { addresses in
                for slot in slots where unsafe mine.pointee.put(slot) {
                    unsafe addresses.kept.append(UInt(bitPattern: slot.address))
                }
                while let slot = unsafe mine.pointee.take() {
                    unsafe addresses.taken.append(UInt(bitPattern: slot.address))
                }
            }
        }
        let (kept, taken) = addresses.withLock { $0 }
        #expect(kept.count == 8)
        #expect(taken == kept.reversed())
    }

    /// Otherwise every thread that ends would take guarded memory with it.
    @Test func aThreadThatEndsGivesItsSlotsBack() throws {
        let pool = SlotPool(slotSize: 1024, slotsPerChunk: 8)
        let sentinel = try ForkSentinel()
        for _ in 0..<100 {
            let slots = try (0..<8).map { _ in try pool.take() }
            onAThread {
                ThreadSlots.makeCurrent(sentinel: sentinel)
                for slot in slots { _ = unsafe ThreadSlots.current?.pointee.put(slot) }
            }
        }
        let (locked, unlocked) = pool.lockedBytes
        #expect(locked + unlocked == 8 * 1024)
    }

    @Test func numbersAreGivenOnceUntilTheyAreBack() {
        let numbers = ThreadNumbers()
        let taken = Set((1..<ThreadNumbers.limit).map { _ in numbers.take() })
        #expect(taken == Set(1..<ThreadNumbers.limit))
        #expect(numbers.take() == 0)
        numbers.put(0)
        #expect(numbers.take() == 0)
        numbers.put(7)
        #expect(numbers.take() == 7)
    }

    /// Otherwise the numbers would be used up.
    @Test func aThreadThatEndsGivesItsNumberBack() throws {
        let sentinel = try ForkSentinel()
        let numbered = Atomic(0)
        for _ in 0..<(3 * ThreadNumbers.limit) {
            onAThread {
                #expect(ThreadNumbers.current == 0)
                ThreadSlots.makeCurrent(sentinel: sentinel)
                if ThreadNumbers.current > 0 { numbered.add(1, ordering: .relaxed) }
            }
        }
        #expect(numbered.load(ordering: .relaxed) > 2 * ThreadNumbers.limit)
    }
}
