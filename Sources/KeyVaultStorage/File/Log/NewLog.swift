import KeyVaultFormat

/// A generation of the log while it is being written, under a name of its own.
///
/// Its header comes last: whoever opens the file meanwhile finds that it is no log.
struct NewLog {
    let log: LogFile
    private let layer: any FileLayer
    private let paths: LogPaths
    private let chunk: Int
    private var buffer: [UInt8] = []
    private var written = UInt64(LogHeader.length)
    private(set) var sequence: UInt64 = 0

    init(_ header: LogHeader, _ paths: LogPaths, _ layer: any FileLayer, chunk: Int = 1 << 20) throws(StoreError) {
        try paths.checkFree(layer)
        do {
            log = LogFile(try layer.create(paths.newLog), path: paths.log, header: header)
        } catch { throw error.doing("created", paths.newLog) }
        self.layer = layer
        self.paths = paths
        self.chunk = chunk
    }

    /// Where the next frame will begin.
    var end: UInt64 { written + UInt64(buffer.count) }

    mutating func append(_ entry: LogEntry, mark: UInt64 = UInt64(LogHeader.length)) throws(StoreError) {
        sequence += 1
        Frame.append(entry, sequence: sequence, mark: mark, continues: false, seed: log.header.frameSeed, to: &buffer)
        if buffer.count >= chunk { try flush() }
    }

    /// Appends what a valid frame of another log says.
    mutating func append(
        copyOf frame: ArraySlice<UInt8>, continues: Bool, mark: UInt64 = UInt64(LogHeader.length)
    ) throws(StoreError) {
        sequence += 1
        Frame.append(
            copyOf: frame, sequence: sequence, mark: mark, continues: continues, seed: log.header.frameSeed, to: &buffer
        )
        if buffer.count >= chunk { try flush() }
    }

    /// Hands everything to the operating system, so that it can be read.
    mutating func flush() throws(StoreError) {
        try write(buffer, at: written)
        written += UInt64(buffer.count)
        buffer.removeAll(keepingCapacity: true)
    }

    private func write(_ bytes: [UInt8], at offset: UInt64) throws(StoreError) {
        do { try log.file.writeFully(bytes, at: offset) } catch { throw error.doing("written", paths.newLog) }
    }

    mutating func sync() throws(StoreError) {
        try flush()
        do { try log.file.sync() } catch { throw error.doing("synced", paths.newLog) }
    }

    /// Makes all of it durable, its name included: a leftover of the same name must not be what the rename finds after a crash.
    mutating func finish() throws(StoreError) {
        try write(log.header.encoded, at: 0)
        try sync()
        do { try layer.syncDirectory(of: paths.newLog) } catch { throw error.doing("synced by name", paths.newLog) }
    }

    /// Puts the new generation, which is finished, in the place of the old one; unless another file has taken its name.
    func takePlace() throws(StoreError) {
        try log.checkPlace(paths.newLog)
        do { try layer.rename(paths.newLog, to: paths.log) } catch { throw error.doing("replaced", paths.log) }
    }

    /// Makes that durable. This is after the point of no return: where it fails, the new generation is in use, but a crash may bring
    /// back the old.
    func syncPlace() throws(StoreError) {
        do { try layer.syncDirectory(of: paths.log) } catch { throw error.doing("replaced durably", paths.log) }
    }

    /// Removes what was written, as well as that can be done.
    func abandon() {
        if (try? log.file.isStill(at: paths.newLog)) == true { try? layer.remove(paths.newLog) }
    }
}
