extension [UInt8] {
    init(copying bytes: Span<UInt8>) {
        self = []
        // Read before the call ends.
        unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }

    /// `count` bytes, which `body` finds as zeros and writes over.
    ///
    /// Made by appending: `repeating:count:` and `unsafeUninitializedCapacity:` ask the runtime for the array's type each time,
    /// which takes as long as the allocation.
    init<Failure: Error>(
        count: Int, _ body: (inout MutableSpan<UInt8>) throws(Failure) -> Void
    ) throws(Failure) {
        self = []
        try append(addingCapacity: count) { output throws(Failure) in
            output.append(repeating: 0, count: count)
            var span = output.mutableSpan
            try body(&span)
        }
    }
}
