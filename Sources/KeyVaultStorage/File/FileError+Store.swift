import Glibc

extension FileError {
    package static let notFound = FileError(ENOENT)
    package static let exists = FileError(EEXIST)
    package static let interrupted = FileError(EINTR)
    package static let noSpace = FileError(ENOSPC)
    package static let inputOutput = FileError(EIO)

    var isFull: Bool { number == ENOSPC || number == EDQUOT }

    /// What a caller of the store is told.
    func doing(_ what: String, _ path: String) -> StoreError {
        if isFull {
            return StoreError(
                .full, "The disk or the quota is full: \(path) could not be \(what). Make room.",
                cause: self)
        }
        return StoreError(.io, "\(path) could not be \(what): error \(number) of the operating system.", cause: self)
    }
}

extension FileLayer {
    /// Makes `path` anew; what bears the name goes, and is not written over by whoever still has it open.
    func create(_ path: String) throws(FileError) -> any OpenFile {
        do { return try open(path, creating: true) } catch .exists {
            try remove(path)
            return try open(path, creating: true)
        }
    }
}

extension NamedFile {
    /// As ``isAt(_:)``, which may be interrupted.
    func isStill(at path: String) throws(FileError) -> Bool {
        try retrying { () throws(FileError) in try isAt(path) }
    }

    /// How often in a row an operation may be interrupted, or make no progress, before that counts as a failure.
    private var patience: Int { 100 }

    @inline(__always)
    fileprivate func retrying<Result>(_ operation: () throws(FileError) -> Result) throws(FileError) -> Result {
        for _ in 1..<patience {
            do { return try operation() } catch { guard error == .interrupted else { throw error } }
        }
        return try operation()
    }
}

extension OpenFile {
    /// Reads until `buffer` is full or the file ends.
    ///
    /// - Returns: how many bytes were read.
    func readFully(into buffer: inout MutableSpan<UInt8>, at offset: UInt64) throws(FileError) -> Int {
        // The first attempt is nearly always the last, and needs no second view of the buffer.
        var done = try retrying { () throws(FileError) in try read(into: &buffer, at: offset) }
        while done > 0, done < buffer.count {
            let start = done
            var rest = buffer._mutatingExtracting(start..<buffer.count)
            let count = try retrying { () throws(FileError) in try read(into: &rest, at: offset + UInt64(start)) }
            guard count > 0 else { break }
            done += count
        }
        return done
    }

    func writeFully(_ bytes: [UInt8], at offset: UInt64) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let start = done
            done += try retrying { () throws(FileError) in
                try write(bytes.span.extracting(start...), at: offset + UInt64(start))
            }
            guard done > start else { throw .noSpace }
        }
    }

    func truncateFully(to size: UInt64) throws(FileError) {
        try retrying { () throws(FileError) in try truncate(to: size) }
    }
}
