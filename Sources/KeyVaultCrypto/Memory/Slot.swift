/// A piece of guarded memory that somebody took, and the chunk it goes back to. All zeros while nobody has it.
///
/// Safe to hold: a chunk is never unmapped, so both addresses stay valid.
@usableFromInline @safe struct Slot: @unchecked Sendable {
    @usableFromInline let address: UnsafeMutableRawPointer
    let chunk: UnsafeMutablePointer<SlotChunk>
}
