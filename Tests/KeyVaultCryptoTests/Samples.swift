import KeyVaultCrypto

/// Bytes in the forms that the tests need them in.
enum Samples {
    static let keyBytes = Array<UInt8>(0..<32)
    static let otherKeyBytes = Array<UInt8>(1..<33)

    static func guarded(_ bytes: [UInt8]) throws(CryptoError) -> GuardedBytes { try GuardedBytes(copying: bytes.span) }

    static func master(_ bytes: [UInt8] = keyBytes) throws(CryptoError) -> MasterKey {
        try MasterKey(copying: bytes.span)
    }

    /// 0, 1, 2 and so on, as the known values were computed over.
    static func counting(_ count: Int) -> [UInt8] { (0..<count).map { UInt8($0 % 251) } }

    static func hexadecimal(_ text: some StringProtocol) -> [UInt8] {
        let digits = Array(text.utf8)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap { index in
            UInt8(String(decoding: digits[index...(index + 1)], as: UTF8.self), radix: 16)
        }
    }
}

extension GuardedBytes {
    /// A copy outside of guarded memory; for tests only.
    borrowing func exposed() -> [UInt8] { withSpan { span in span.indices.map { span[$0] } } }
}
