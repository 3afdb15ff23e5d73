import KeyVaultCrypto

/// Reads the inside of a JSON string that was walked over before.
enum JSONString {
    /// As text.
    static func text(_ inside: Span<UInt8>) -> String {
        var bytes: [UInt8] = []
        decode(inside) { bytes.append($0) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// As a secret: the bytes go to guarded memory and nowhere else.
    static func guarded(_ inside: Span<UInt8>) throws(CryptoError) -> GuardedBytes {
        var count = 0
        decode(inside) { _ in count += 1 }
        var bytes = try GuardedBytes(count: count)
        bytes.withMutableSpan { span in
            var index = 0
            // The same walk over the same bytes gives as many again.
            decode(inside) { byte in
                span[index] = byte
                index += 1
            }
        }
        return bytes
    }

    static func hexadecimal(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    private static func decode(_ inside: Span<UInt8>, _ emit: (UInt8) -> Void) {
        var position = 0
        while position < inside.count {
            let byte = inside[position]
            position += 1
            guard byte == UInt8(ascii: "\\"), position < inside.count else {
                emit(byte)
                continue
            }
            let escape = inside[position]
            position += 1
            switch escape {
            case UInt8(ascii: "b"): emit(0x08)
            case UInt8(ascii: "f"): emit(0x0C)
            case UInt8(ascii: "n"): emit(0x0A)
            case UInt8(ascii: "r"): emit(0x0D)
            case UInt8(ascii: "t"): emit(0x09)
            case UInt8(ascii: "u"):
                for byte in String(scalar(inside, &position)).utf8 { emit(byte) }
            default: emit(escape)
            }
        }
    }

    /// The scalar behind `\u`; a lone half of a pair becomes the replacement character, as most readers have it.
    private static func scalar(_ inside: Span<UInt8>, _ position: inout Int) -> Character {
        var code = unit(inside, &position)
        if (0xD800..<0xDC00).contains(code), position + 6 <= inside.count, inside[position] == UInt8(ascii: "\\"),
            inside[position + 1] == UInt8(ascii: "u")
        {
            var behind = position + 2
            let low = unit(inside, &behind)
            if (0xDC00..<0xE000).contains(low) {
                code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
                position = behind
            }
        }
        return Character(Unicode.Scalar(code) ?? "\u{FFFD}")
    }

    private static func unit(_ inside: Span<UInt8>, _ position: inout Int) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 where position < inside.count {
            code = code << 4 | (hexadecimal(inside[position]) ?? 0)
            position += 1
        }
        return code
    }
}
