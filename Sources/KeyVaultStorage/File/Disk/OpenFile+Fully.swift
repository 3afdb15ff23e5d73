extension NamedFile {
    /// As ``isAt(_:)``, which may be interrupted.
    func isStill(at path: String) throws(FileError) -> Bool {
        try retrying { () throws(FileError) in try isAt(path) }
    }

    /// How often in a row an operation may be interrupted, or make no progress, before that counts as a failure.
    private var maximumAttempts: Int { 100 }

    @inline(__always)
    fileprivate func retrying<Result>(_ operation: () throws(FileError) -> Result) throws(FileError) -> Result {
        for _ in 1..<maximumAttempts {
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

    /// Writes all of `bytes`, or at least the first `needed` of them.
    ///
    /// - Returns: how many were written.
    @discardableResult
    func writeFully(_ bytes: [UInt8], needed: Int? = nil, at offset: UInt64) throws(FileError) -> Int {
        var done = 0
        while done < needed ?? bytes.count {
            let start = done
            done += try retrying { () throws(FileError) in
                try write(bytes.span.extracting(start...), at: offset + UInt64(start))
            }
            guard done > start else { throw .noSpace }
        }
        return done
    }

    func truncateFully(to size: UInt64) throws(FileError) {
        try retrying { () throws(FileError) in try truncate(to: size) }
    }
}
