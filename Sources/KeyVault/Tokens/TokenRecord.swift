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

    /// What stands in the record `id`.
    ///
    /// - Throws: ``VaultError`` `newerRecord` for another version, `damagedRecord` for bytes that are no token's.
    init(_ bytes: Span<UInt8>, of id: RecordID) throws(VaultError) {
        do { try self.init(bytes) } catch { throw .unreadable(id, error) }
    }

    private init(_ bytes: Span<UInt8>) throws(FormatError) {
        let header = 1 + Self.verifierLength + Self.expiryLength
        guard bytes.count > header else { throw FormatError(.truncated, "A token ends too early.", section: "4.5") }
        guard bytes[0] == Self.version else {
            throw FormatError(.unsupportedVersion, "A token has another version than 1.", section: "4.5")
        }
        var (verifier, name): ([UInt8], [UInt8]) = ([], [])
        verifier.append(bytes.extracting(1..<(1 + Self.verifierLength)))
        name.append(bytes.extracting(droppingFirst: header))
        guard let tenant = String(validating: name, as: UTF8.self) else {
            throw FormatError(.invalidName, "A token's account is no text.", section: "4.5")
        }
        try RecordID.checkTenant(tenant)
        expires = try Timestamp(milliseconds: bytes.uint64(at: 1 + Self.verifierLength)).date
        self.verifier = verifier
        self.tenant = tenant
    }

    func secret() throws(VaultError) -> Secret {
        var bytes = [Self.version] + verifier
        bytes.append(bigEndian: Timestamp(expires).milliseconds)
        bytes += tenant.utf8
        return try Secret(copying: bytes.span)
    }

    /// Compared in constant time: how much of a guess was right must not show.
    func matches(_ verifier: [UInt8]) -> Bool { ConstantTime.equal(self.verifier.span, verifier.span) }

    static func id(of token: String) throws(VaultError) -> RecordID {
        do { return try RecordID(tenant: tenant, provider: token) } catch { throw VaultError(error) }
    }
}
