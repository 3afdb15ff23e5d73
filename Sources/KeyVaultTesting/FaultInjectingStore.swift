public import KeyVaultFormat
public import KeyVaultStorage
import Synchronization

/// A store that fails or waits where a test tells it to, and passes everything else on to another store.
///
/// Nothing in it takes time or chance: a call that is held goes on when it is released, and a test can wait until a call has
/// arrived.
public final class FaultInjectingStore: RecordStore {
    /// What is called.
    public enum Operation: Hashable, Sendable, CaseIterable {
        case readHead, create, read, scan, write, foreignChanges
        /// May be held *before*, and not *after*; it cannot fail.
        case close
    }

    /// When a fault strikes: before the store beneath is asked, or when it has answered and the caller does not know yet.
    ///
    /// A write that fails *after* has happened all the same. A read that is held *after* has an answer that grows old.
    public enum Moment: Hashable, Sendable {
        case before, after
    }

    private struct Point: Hashable {
        var operation: Operation
        var moment: Moment
    }

    private struct State {
        var calls: [Operation: Int] = [:]
        var faults: [Point: (error: StoreError, skip: Int, left: Int)] = [:]
        /// How many calls still go through before the first is held.
        var held: [Point: Int] = [:]
        var waiting: [Point: [CheckedContinuation<Void, Never>]] = [:]
        var observers: [(point: Point, count: Int, continuation: CheckedContinuation<Void, Never>)] = []

        mutating func takeObservers(of point: Point) -> [CheckedContinuation<Void, Never>] {
            let count = waiting[point, default: []].count
            let ready = observers.filter { $0.point == point && $0.count <= count }.map(\.continuation)
            observers.removeAll { $0.point == point && $0.count <= count }
            return ready
        }

        mutating func takeFault(at point: Point) -> StoreError? {
            guard let (error, skip, left) = faults[point], left > 0 else { return nil }
            faults[point] = skip > 0 ? (error, skip - 1, left) : (error, 0, left - 1)
            return skip > 0 ? nil : error
        }
    }

    private let base: any RecordStore
    private let state = Mutex(State())

    public init(_ base: any RecordStore) { self.base = base }

    /// Fails `times` calls of `operation` with `error`, after the next `skip` calls have gone through.
    public func fail(
        _ operation: Operation, _ moment: Moment = .before, with error: StoreError, skipping skip: Int = 0,
        times: Int = 1
    ) {
        state.withLock { $0.faults[Point(operation: operation, moment: moment)] = (error, skip, times) }
    }

    /// Takes every failure back that has not struck yet.
    public func heal() { state.withLock { $0.faults = [:] } }

    /// Holds each call of `operation` from now on, after the next `skip` calls have gone through, until ``release(_:_:)``.
    public func hold(_ operation: Operation, _ moment: Moment = .before, skipping skip: Int = 0) {
        state.withLock { $0.held[Point(operation: operation, moment: moment)] = skip }
    }

    /// Returns when `count` calls are held.
    public func waitUntilHeld(_ operation: Operation, _ moment: Moment = .before, count: Int = 1) async {
        let point = Point(operation: operation, moment: moment)
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.waiting[point, default: []].count >= count { return true }
                state.observers.append((point, count, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// Lets the calls that are held go on, and holds no more.
    public func release(_ operation: Operation, _ moment: Moment = .before) {
        let point = Point(operation: operation, moment: moment)
        let freed = state.withLock { state in
            state.held[point] = nil
            return state.waiting.removeValue(forKey: point) ?? []
        }
        for continuation in freed { continuation.resume() }
    }

    /// How often `operation` was called, whatever became of it.
    public func calls(of operation: Operation) -> Int { state.withLock { $0.calls[operation, default: 0] } }

    public var kind: String { base.kind }

    public func readHead() async throws(StoreError) -> StoreHead? {
        try await arrive(.readHead)
        let head = try await base.readHead()
        try await pass(.readHead, .after)
        return head
    }

    public func create(header: [UInt8], generation: UInt64) async throws(StoreError) {
        try await arrive(.create)
        try await base.create(header: header, generation: generation)
        try await pass(.create, .after)
    }

    public func read(_ id: RecordID) async throws(StoreError) -> StoredRecord? {
        try await arrive(.read)
        let row = try await base.read(id)
        try await pass(.read, .after)
        return row
    }

    public func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord? {
        try await arrive(.read)
        let row = try await base.read(key)
        try await pass(.read, .after)
        return row
    }

    public func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) async throws(StoreError)
        -> [StoredRecord]
    {
        try await arrive(.scan)
        let page = try await base.scan(scope, after: cursor, limit: limit)
        try await pass(.scan, .after)
        return page
    }

    public func write(_ batch: WriteBatch) async throws(StoreError) {
        try await arrive(.write)
        try await base.write(batch)
        try await pass(.write, .after)
    }

    public func foreignChanges() async throws(StoreError) -> UInt64 {
        try await arrive(.foreignChanges)
        let number = try await base.foreignChanges()
        try await pass(.foreignChanges, .after)
        return number
    }

    public func close() async {
        try? await arrive(.close)
        await base.close()
    }

    private func arrive(_ operation: Operation) async throws(StoreError) {
        state.withLock { $0.calls[operation, default: 0] += 1 }
        try await pass(operation, .before)
    }

    /// Waits while the point is held; then fails where it is to.
    private func pass(_ operation: Operation, _ moment: Moment) async throws(StoreError) {
        let point = Point(operation: operation, moment: moment)
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> [CheckedContinuation<Void, Never>] in
                guard let skip = state.held[point] else { return [continuation] }
                guard skip == 0 else {
                    state.held[point] = skip - 1
                    return [continuation]
                }
                state.waiting[point, default: []].append(continuation)
                return state.takeObservers(of: point)
            }
            for continuation in ready { continuation.resume() }
        }
        if let error = state.withLock({ $0.takeFault(at: point) }) { throw error }
    }
}
