public import KeyVaultFormat

/// A store in memory: nothing survives the process. For tests, and the model that the other stores are tested against.
public final class MemoryStore: RecordStore {
    private struct State {
        var head: StoreHead?
        var rows = MemoryRows()
        var isClosed = false
    }

    private let state = TracedMutex(State())

    public init() {}

    public var kind: String { "memory" }

    public func readHead() async throws(StoreError) -> StoreHead? {
        try withState { state throws(StoreError) in state.head }
    }

    public func create(header: [UInt8], generation: UInt64) async throws(StoreError) {
        try StoreHead.checkCreation(header: header, generation: generation)
        try withState { state throws(StoreError) in
            guard state.head == nil else { throw StoreError(.exists, "This memory store holds a vault already.") }
            state.head = StoreHead(header: header, generation: generation, revisionFloor: 0)
        }
    }

    public func read(_ id: RecordID) async throws(StoreError) -> StoredRecord? {
        try withState { state throws(StoreError) in state.rows.current(of: id) }
    }

    public func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord? {
        try withState { state throws(StoreError) in state.rows[key] }
    }

    public func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) async throws(StoreError)
        -> [StoredRecord]
    {
        try withState { state throws(StoreError) in state.rows.scan(scope, after: cursor, limit: limit) }
    }

    public func write(_ batch: WriteBatch) async throws(StoreError) {
        guard !Task.isCancelled else { throw .cancelled }
        try batch.checkLimits()
        try withState { state throws(StoreError) in
            guard var head = state.head else { throw StoreError(.notFound, "This memory store holds no vault yet.") }
            try head.check(batch)
            try state.rows.apply(batch.changes, floor: &head.revisionFloor)
            if let header = batch.header { head.replaceHeader(by: header) }
            state.head = head
        }
    }

    public func foreignChanges() async throws(StoreError) -> UInt64 {
        try withState { _ throws(StoreError) in 0 }
    }

    public func close() async {
        state.withLock { $0 = State(isClosed: true) }
    }

    private func withState<Result>(_ body: (inout State) throws(StoreError) -> Result) throws(StoreError) -> Result {
        try state.withLock { state throws(StoreError) in
            guard !state.isClosed else { throw .closed }
            return try body(&state)
        }
    }
}
