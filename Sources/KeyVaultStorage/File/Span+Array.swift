extension Span<UInt8> {
    func array(_ range: Range<Int>) -> [UInt8] {
        // The pointer is used within the call, and the range was checked by the extraction. It is one copy instead of a loop.
        unsafe extracting(range).withUnsafeBufferPointer { unsafe Array($0) }
    }
}
