/// What a keyed hash is for: 16 bytes that keep the uses of one key apart (SPEC.md section 3.4).
package enum Personalization: String, Sendable, CaseIterable {
    case keyID = "KeyVault/1/keyid"
    case seed = "KeyVault/1/seed"
    case salt = "KeyVault/1/salt"
    case wrap = "KeyVault/1/wrap"
    case header = "KeyVault/1/head"
    /// Of the tokens that HTTP clients show.
    case token = "KeyVault/1/token"
    /// Of the cache's entries; never stored.
    case nonce = "KeyVault/1/nonce"

    /// The parameter block's field has this length; every text above fits.
    static let length = 16

    /// The text, and zeros up to 16 bytes.
    var bytes: [UInt8] { Array(rawValue.utf8) + [UInt8](repeating: 0, count: Self.length - rawValue.utf8.count) }
}
