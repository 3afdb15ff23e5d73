/// What a store holds beside its rows.
public struct StoreHead: Hashable, Sendable {
    /// The vault header (SPEC.md section 5), opaque to the store.
    public var header: [UInt8]
    /// 1 at creation; raised by one with every header that is written.
    public var generation: UInt64
    /// A new id starts above this revision: the highest revision that was ever deleted.
    public var revisionFloor: UInt64

    public init(header: [UInt8], generation: UInt64, revisionFloor: UInt64) {
        self.header = header
        self.generation = generation
        self.revisionFloor = revisionFloor
    }
}
