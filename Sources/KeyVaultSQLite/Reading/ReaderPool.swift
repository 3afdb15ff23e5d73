import KeyVaultStorage
import Synchronization

/// The readers of a store. A read runs on its caller's thread: a hop to another one costs more than the read.
///
/// There are never more of them than threads that read at the same time, so they need no bound; those beyond
/// ``mostIdle`` are closed when they are done.
final class ReaderPool: Sendable {
    private struct State {
        var idle: [Reader] = []
        var isClosed = false
    }

    private static let mostIdle = 16

    private let places: StorePlaces
    private let patience: Duration
    private let state = TracedMutex(State())
    /// Whether the files were seen to be moved or deleted. What others commit then is not read from those that are open.
    private let areFilesMoved = Atomic<Bool>(false)

    init(places: StorePlaces, patience: Duration) {
        self.places = places
        self.patience = patience
    }

    @inline(__always)
    func withReader<Result>(_ body: (Reader) throws(StoreError) -> Result) throws(StoreError) -> Result {
        do throws(StoreError) {
            let reader = try take()
            defer { giveBack(reader) }
            return try body(reader)
        } catch {
            throw whatAReadMisses(error)
        }
    }

    /// The last connection keeps all others out while it closes, and takes the log away with it: what a read misses that a close
    /// has overtaken was not moved, and nobody is busy with it.
    func whatAReadMisses(_ error: StoreError) -> StoreError {
        [.io, .busy].contains(error.code) && state.withLock { $0.isClosed } ? .closed : error
    }

    /// Closes the idle readers now, and the others when they are given back.
    func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        // Closed here, outside of the lock.
        _ = consume idle
    }

    /// Looks whether the files are in their places. As long as they are not, nothing is read.
    func checkPlaces() throws(StoreError) {
        do throws(StoreError) { try places.check() } catch {
            areFilesMoved.store(true, ordering: .relaxed)
            throw error
        }
        areFilesMoved.store(false, ordering: .relaxed)
    }

    private func take() throws(StoreError) -> Reader {
        if areFilesMoved.load(ordering: .relaxed) { try checkPlaces() }
        let idle = try state.withLock { state throws(StoreError) in
            guard !state.isClosed else { throw .closed }
            return state.idle.popLast()
        }
        if let idle { return idle }
        try checkPlaces()
        let reader = try Reader(path: places.path, patience: patience)
        // The file may have been exchanged just before it was opened.
        try places.check()
        return reader
    }

    private func giveBack(_ reader: Reader) {
        state.withLock { state in
            if !state.isClosed, state.idle.count < Self.mostIdle { state.idle.append(reader) }
        }
    }
}
