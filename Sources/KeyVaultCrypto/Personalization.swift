/// What a keyed hash is for: 16 bytes that keep the uses of one key apart (SPEC.md section 3.4).
package enum Personalization: String, Sendable, CaseIterable {
    case keyID = "KeyVault/1/keyid"
    case seed = "KeyVault/1/seed"
    case salt = "KeyVault/1/salt"
    case wrap = "KeyVault/1/wrap"
    case header = "KeyVault/1/head"
    /// Of the tokens that HTTP clients show.
    case token = "KeyVault/1/token"

    /// The text, and zeros up to the 16 bytes of the parameter block's field; every text above fits.
    var bytes: InlineArray<16, UInt8> {
        var bytes = InlineArray<16, UInt8>(repeating: 0)
        let text = rawValue.utf8
        let span = text.span
        for index in span.indices { bytes[index] = span[index] }
        return bytes
    }
}
