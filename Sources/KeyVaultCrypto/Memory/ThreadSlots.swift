import CKeyVaultLinux
import Glibc

/// A few free slots of the smallest size that a thread keeps for itself, and takes and gives back without an atomic operation,
/// a lock or a system call.
///
/// When the thread ends they go back to their chunks.
@safe struct ThreadSlots {
    /// As many as one envelope operation holds at a time.
    private static let capacity = 8

    let sentinel: ForkSentinel
    /// See ``ThreadNumbers``.
    private(set) var number = 0
    private var count = 0
    private var slots = InlineArray<8, Slot?>(repeating: nil)

    private init(sentinel: ForkSentinel) { self.sentinel = sentinel }

    /// A free slot, now taken; `nil` when there is none.
    @inline(__always)
    mutating func take() -> Slot? {
        guard count > 0 else { return nil }
        count -= 1
        return slots[count]
    }

    /// Keeps a slot that was wiped.
    ///
    /// - Returns: whether there was room.
    @inline(__always)
    mutating func put(_ slot: Slot) -> Bool {
        guard count < Self.capacity else { return false }
        slots[count] = slot
        count += 1
        return true
    }
}

extension ThreadSlots {
    /// The current thread's, and no other's: not to be kept across a suspension. `nil` until ``makeCurrent(sentinel:)``.
    @inline(__always)
    static var current: UnsafeMutablePointer<ThreadSlots>? {
        // The word is this thread's own; it is nil or what `makeCurrent` put there.
        unsafe keyvault_get_thread_word()?.assumingMemoryBound(to: ThreadSlots.self)
    }

    /// Sees to it that the current thread has slots of its own. Where the system refuses, it goes on without.
    static func makeCurrent(sentinel: ForkSentinel) {
        guard unsafe current == nil, let key else { return }
        let slots = UnsafeMutablePointer<ThreadSlots>.allocate(capacity: 1)
        // Fresh memory, freed when the thread ends.
        unsafe slots.initialize(to: ThreadSlots(sentinel: sentinel))
        guard unsafe pthread_setspecific(key, slots) == 0 else {
            unsafe slots.deallocate()
            return
        }
        unsafe slots.pointee.number = ThreadNumbers.shared.take()
        unsafe keyvault_set_thread_word(slots)
    }

    /// What runs when a thread ends. (Its value would be the quick way in as well, but for the call.)
    private static let key: pthread_key_t? = {
        var key = pthread_key_t()
        let status = unsafe pthread_key_create(&key) { raw in
            // pthread calls this with what `makeCurrent` set, once, on the thread that it belonged to.
            guard let slots = unsafe raw?.assumingMemoryBound(to: ThreadSlots.self) else { return }
            keyvault_set_thread_word(nil)
            while let slot = unsafe slots.pointee.take() { unsafe slot.chunk.pointee.put(slot) }
            ThreadNumbers.shared.put(unsafe slots.pointee.number)
            unsafe slots.deallocate()
        }
        return status == 0 ? key : nil
    }()
}
