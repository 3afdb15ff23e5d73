import Glibc

extension Span<UInt8> {
    func array(_ range: Range<Int>) -> [UInt8] {
        // The pointer is used within the call, and the range was checked by the extraction. It is one copy instead of a loop.
        unsafe extracting(range).withUnsafeBufferPointer { unsafe Array($0) }
    }

    func equals(_ other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        // A name is compared on every read. Both hold `count` bytes; empty ones may have no address.
        return unsafe withUnsafeBytes { left in
            unsafe other.withUnsafeBytes { right in
                guard let one = left.baseAddress, let another = right.baseAddress else { return true }
                return unsafe memcmp(one, another, left.count) == 0
            }
        }
    }
}
