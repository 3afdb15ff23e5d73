import KeyVaultCrypto
import KeyVaultFormat

import struct Foundation.Date

/// What the vault keeps of a token, sealed like a key: version, hash of the token's secret, expiry, account.
///
/// The expiry stands here too, and not in the record's metadata alone, because a cached secret comes without its metadata.
struct TokenRecord {
    /// The vault's own tenant under which tokens are kept, each as a provider of its own.
    static let tenant = "_tokens"
    static let verifierLength = 32
    private static let version: UInt8 = 1
    private static let expiryLength = 8

    let verifier: [UInt8]
    let expires: Date?
    let tenant: String

    init(verifier: [UInt8], expires: Date?, tenant: String) {
        self.verifier = verifier
        self.expires = expires
        self.tenant = tenant
    }

    /// `nil` for bytes that are no token's.
    init?(_ bytes: Span<UInt8>) {
        let header = 1 + Self.verifierLength + Self.expiryLength
        guard bytes.count > header, bytes[0] == Self.version else { return nil }
        var fields: [UInt8] = []
        fields.reserveCapacity(bytes.count)
        for index in 1..<bytes.count { fields.append(bytes[index]) }
        verifier = Array(fields.prefix(Self.verifierLength))
        let milliseconds = fields[Self.verifierLength..<(header - 1)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let time = try? Timestamp(milliseconds: milliseconds),
            let tenant = String(validating: fields[(header - 1)...], as: UTF8.self)
        else { return nil }
        expires = time.date
        self.tenant = tenant
    }

    func secret() throws(VaultError) -> Secret {
        let milliseconds = Timestamp(expires).milliseconds
        let expiry = (0..<Self.expiryLength).map { UInt8(truncatingIfNeeded: milliseconds >> (56 - 8 * UInt64($0))) }
        let bytes = [Self.version] + verifier + expiry + Array(tenant.utf8)
        // The bytes of an array of bytes have no padding.
        return try Secret(copying: unsafe bytes.span.bytes)
    }

    /// Compared in constant time: how much of a guess was right must not show.
    func matches(_ verifier: [UInt8]) -> Bool { ConstantTime.equal(self.verifier.span, verifier.span) }

    static func id(of token: String) throws(VaultError) -> RecordID {
        do { return try RecordID(tenant: tenant, provider: token) } catch { throw VaultError(error) }
    }
}
