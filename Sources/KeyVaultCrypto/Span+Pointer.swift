// How this target hands bytes to C: a pointer that is never null, and the length that belongs to it.

extension Span<UInt8> {
    func withPointer<Result, Failure: Error>(
        _ body: (UnsafePointer<UInt8>, Int) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withUnsafeBufferPointer { buffer throws(Failure) in
            // An empty span may have no address; C gets one that it has no reason to follow.
            try unsafe body(buffer.baseAddress ?? UnsafePointer(bitPattern: 1).unsafelyUnwrapped, buffer.count)
        }
    }
}

extension MutableSpan<UInt8> {
    mutating func withPointer<Result, Failure: Error>(
        _ body: (UnsafeMutablePointer<UInt8>, Int) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try unsafe withUnsafeMutableBufferPointer { buffer throws(Failure) in
            // As above.
            try unsafe body(buffer.baseAddress ?? UnsafeMutablePointer(bitPattern: 1).unsafelyUnwrapped, buffer.count)
        }
    }
}
