import CKeyVaultSodium

/// How bytes are written as text.
package enum TextEncoding {
    /// Digits of either case.
    case hexadecimal
    case base64(isPadded: Bool)
    /// The alphabet that has `-` and `_`, without padding.
    case base64URL
}

extension GuardedBytes {
    /// Fills the value from text, in constant time.
    ///
    /// - Returns: whether the text stands for exactly as many bytes as the value has, and for them in the one way there is.
    package mutating func decode(_ text: Span<UInt8>, _ encoding: TextEncoding) -> Bool {
        let wanted = count
        return withMutableSpan { output in
            // Both buffers are passed with their lengths; libsodium writes at most `output.count` bytes.
            unsafe output.withPointer { output, capacity in
                unsafe text.withPointer { text, count in
                    let start = unsafe UnsafeRawPointer(text).assumingMemoryBound(to: CChar.self)
                    var end: UnsafePointer<CChar>?
                    var length = 0
                    let status =
                        if let variant = encoding.variant {
                            unsafe sodium_base642bin(output, capacity, start, count, nil, &length, &end, variant)
                        } else {
                            unsafe sodium_hex2bin(output, capacity, start, count, nil, &length, &end)
                        }
                    return unsafe status == 0 && length == wanted && end == start + count
                }
            }
        }
    }
}

extension Span<UInt8> {
    /// The bytes in base64url, in constant time.
    package var base64URL: String {
        let length = (count * 4 + 2) / 3
        // The digits and the zero behind them fit; both buffers are passed with their lengths.
        return unsafe String(unsafeUninitializedCapacity: length + 1) { output in
            unsafe withPointer { bytes, count in
                _ = unsafe sodium_bin2base64(
                    UnsafeMutableRawPointer(output.baseAddress!).assumingMemoryBound(to: CChar.self), length + 1, bytes,
                    count, sodium_base64_VARIANT_URLSAFE_NO_PADDING)
            }
            return length
        }
    }
}

extension TextEncoding {
    /// `nil` for hexadecimal.
    fileprivate var variant: Int32? {
        switch self {
        case .hexadecimal: nil
        case .base64(let isPadded):
            isPadded ? sodium_base64_VARIANT_ORIGINAL : sodium_base64_VARIANT_ORIGINAL_NO_PADDING
        case .base64URL: sodium_base64_VARIANT_URLSAFE_NO_PADDING
        }
    }
}
