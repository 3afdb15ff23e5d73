package import KeyVaultStorage
import Synchronization

/// A file layer in memory that knows what a power cut would leave, and fails when it is told to.
package final class SimulatedDisk: FileLayer {
    /// How an operation fails.
    package enum Fault: Sendable, Equatable {
        /// With an error, and without any effect.
        case error(FileError)
        /// A read or a write that stops in the middle; others succeed. A read gives at least one byte:
        /// none means the end.
        case short
    }

    /// What a call does, as far as its failure means something of its own.
    package enum Call: Sendable, Equatable {
        case look, read, write, truncate, sync, other
    }

    fileprivate struct State {
        /// What a process sees.
        var image: DiskImage
        var disk: UnsyncedDisk
        var trace: [DiskOperation] = []
        var locked: Set<String> = []
        var calls = 0
        /// The calls that fail, by number.
        var failing: Range<Int> = 0..<0
        var fault = Fault.short
        var struck: [Call] = []
        var processID: Int32 = 100
        var isOnNetwork = false
    }

    private let state: Mutex<State>

    package init(_ image: DiskImage = DiskImage()) {
        state = Mutex(State(image: image, disk: UnsyncedDisk(image)))
    }

    /// What a process sees.
    package var image: DiskImage { state.withLock(\.image) }
    /// What a power cut would leave.
    package var disk: UnsyncedDisk { state.withLock(\.disk) }
    /// Everything that was done, but for reads.
    package var trace: [DiskOperation] { state.withLock(\.trace) }
    /// How many operations there were, reads included.
    package var calls: Int { state.withLock(\.calls) }

    /// The calls that were made to fail.
    package var struck: [Call] { state.withLock(\.struck) }

    /// Makes the calls of these numbers, counted from the first one of this disk on, fail.
    package func fail(_ calls: Range<Int>, with fault: Fault) {
        state.withLock { ($0.failing, $0.fault) = (calls, fault) }
    }

    package func setOnNetwork(_ isOnNetwork: Bool) { state.withLock { $0.isOnNetwork = isOnNetwork } }

    /// Goes on as another process, with everything that was open still open: what `fork` does.
    package func fork() { state.withLock { $0.processID += 1 } }

    // MARK: FileLayer

    package var processID: Int32 { state.withLock(\.processID) }

    package func makeHashKey() -> [UInt8] { (0..<16).map { $0 } }

    package func resolve(_ path: String) throws(FileError) -> String { path }

    package func isOnNetwork(_ path: String) throws(FileError) -> Bool {
        try call { state, _ throws(FileError) in state.isOnNetwork }
    }

    package func lock(_ path: String, of log: String) throws(FileError) -> LockOutcome {
        let isTaken = try call { state, _ throws(FileError) in state.locked.insert(path).inserted }
        return isTaken ? .held(Lock(self, path)) : .heldElsewhere(processID)
    }

    package func open(_ path: String, creating: Bool) throws(FileError) -> any OpenFile {
        let number = try call { state, _ throws(FileError) in
            if let file = state.image.names[path] {
                guard !creating else { throw .exists }
                return file
            }
            guard creating else { throw .notFound }
            let file = state.image.files.count
            state.perform(.create(path, file: file))
            return file
        }
        return File(self, number)
    }

    package func rename(_ path: String, to target: String) throws(FileError) {
        try call { state, _ throws(FileError) in
            guard state.image.names[path] != nil else { throw .notFound }
            state.perform(.rename(path, to: target))
        }
    }

    package func remove(_ path: String) throws(FileError) {
        try call { state, _ throws(FileError) in
            guard state.image.names[path] != nil else { throw .notFound }
            state.perform(.remove(path))
        }
    }

    package func syncDirectory(of path: String) throws(FileError) {
        try call { state, _ throws(FileError) in state.perform(.syncDirectory) }
    }

    // MARK: Parts

    private final class Lock: NamedFile {
        let disk: SimulatedDisk
        let path: String

        init(_ disk: SimulatedDisk, _ path: String) {
            self.disk = disk
            self.path = path
        }

        func isAt(_ path: String) throws(FileError) -> Bool {
            try disk.call(.look) { state, _ throws(FileError) in state.locked.contains(path) }
        }

        deinit { _ = disk.state.withLock { $0.locked.remove(path) } }
    }

    private final class File: OpenFile {
        let disk: SimulatedDisk
        let number: Int

        init(_ disk: SimulatedDisk, _ number: Int) {
            self.disk = disk
            self.number = number
        }

        func isAt(_ path: String) throws(FileError) -> Bool {
            try disk.call(.look) { [number] state, _ throws(FileError) in state.image.names[path] == number }
        }

        func size() throws(FileError) -> UInt64 {
            try disk.call { [number] state, _ throws(FileError) in UInt64(state.image.files[number].count) }
        }

        func read(into buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(FileError) -> Int {
            let wanted = buffer.count
            let bytes = try disk.call(.read) { [number] state, isShort throws(FileError) in
                let all = state.image.files[number]
                guard offset < all.count else { return ArraySlice<UInt8>() }
                return all[Int(offset)...].prefix(isShort ? max(1, wanted / 2) : wanted)
            }
            var index = 0
            for byte in bytes {
                buffer[index] = byte
                index += 1
            }
            return index
        }

        func write(_ bytes: Span<UInt8>, at offset: UInt64) throws(FileError) -> Int {
            let all = [UInt8](capacity: bytes.count) { output in
                for index in bytes.indices { output.append(bytes[index]) }
            }
            return try disk.call(.write) { [number] state, isShort throws(FileError) in
                let part = Array(all.prefix(isShort ? all.count / 2 : all.count))
                state.perform(.write(file: number, at: Int(offset), part))
                return part.count
            }
        }

        func truncate(to size: UInt64) throws(FileError) {
            try disk.call(.truncate) { [number] state, _ throws(FileError) in
                state.perform(.truncate(file: number, size: Int(size)))
            }
        }

        func sync() throws(FileError) {
            try disk.call(.sync, failing: { [number] state in state.disk.lose(file: number) }) {
                [number] state, _ throws(FileError) in state.perform(.sync(file: number))
            }
        }
    }

    /// Counts a call, and fails or shortens it where that was asked for.
    private func call<Result>(
        _ kind: Call = .other, failing: (inout State) -> Void = { _ in },
        _ body: (inout State, _ isShort: Bool) throws(FileError) -> sending Result
    ) throws(FileError) -> sending Result {
        try state.withLock { state throws(FileError) in
            let isFailing = state.failing.contains(state.calls)
            state.calls += 1
            if isFailing { state.struck.append(kind) }
            if isFailing, case .error(let error) = state.fault {
                failing(&state)
                throw error
            }
            return try body(&state, isFailing)
        }
    }
}

extension SimulatedDisk.State {
    fileprivate mutating func perform(_ operation: DiskOperation) {
        image.apply(operation)
        disk.apply(operation)
        trace.append(operation)
    }
}
