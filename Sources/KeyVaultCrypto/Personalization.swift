/// What a keyed hash is for: the 16 bytes that keep the uses of one key apart (SPEC.md section 3.4).
package enum Personalization: String, Sendable, CaseIterable {
    case keyID = "KeyVault/1/keyid"
    case seed = "KeyVault/1/seed\0"
    case salt = "KeyVault/1/salt\0"
    case wrap = "KeyVault/1/wrap\0"
    case header = "KeyVault/1/head\0"
    /// Of the tokens that HTTP clients show.
    case token = "KeyVault/1/token"
}
