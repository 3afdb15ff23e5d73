// How SPEC.md writes numbers: big-endian, unsigned, fixed width.

extension [UInt8] {
    /// Inlinable, since other modules would call the generic code otherwise.
    @inlinable
    package mutating func append<Number: FixedWidthInteger & UnsignedInteger>(bigEndian number: Number) {
        // The bytes of a number on the stack, read before the call ends.
        unsafe Swift.withUnsafeBytes(of: number.bigEndian) { unsafe append(contentsOf: $0) }
    }

    /// As `+=` with an array, whose references are not counted for it.
    package mutating func append(_ bytes: Span<UInt8>) {
        // Read before the call ends.
        unsafe bytes.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }

    /// Reads an even number of hexadecimal digits of either case; `nil` for anything else.
    package init?(hexadecimal text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count.isMultiple(of: 2) else { return nil }
        self = []
        reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = Self.value(ofDigit: digits[index]), let low = Self.value(ofDigit: digits[index + 1]) else {
                return nil
            }
            append(high << 4 | low)
        }
    }

    private static func value(ofDigit digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

// The caller has checked that the number lies within the span; were it wrong, the span would stop the process rather than read
// on.

extension Span<UInt8> {
    @inlinable
    @inline(__always)
    package func uint16(at offset: Int) -> UInt16 { UInt16(bigEndian: number(at: offset)) }

    @inlinable
    @inline(__always)
    package func uint32(at offset: Int) -> UInt32 { UInt32(bigEndian: number(at: offset)) }

    @inlinable
    @inline(__always)
    package func uint64(at offset: Int) -> UInt64 { UInt64(bigEndian: number(at: offset)) }

    @inlinable
    @inline(__always)
    func number<Number: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Number {
        // Any bytes make a number, and the load checks that all of them lie within the span.
        unsafe bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: Number.self)
    }
}

extension MutableSpan<UInt8> {
    mutating func store<Number: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        bigEndian number: Number, at offset: Int
    ) {
        // Unsafe for elements that not any bytes make; the store checks that all of the number lies within the span.
        var bytes = unsafe mutableBytes
        bytes.storeBytes(of: number.bigEndian, toByteOffset: offset, as: Number.self)
    }

    mutating func copy(_ bytes: Span<UInt8>, to offset: Int) {
        var place = _mutatingExtracting(offset..<(offset + bytes.count))
        // Both have `bytes.count` bytes.
        unsafe place.withUnsafeMutableBytes { place in
            unsafe bytes.withUnsafeBytes { unsafe place.copyMemory(from: $0) }
        }
    }
}

extension Span<UInt8> {
    var isASCII: Bool {
        var all: UInt8 = 0
        for index in indices { all |= self[index] }
        return all < 0x80
    }
}

extension Sequence<UInt8> {
    /// Two lower-case digits a byte.
    package var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
