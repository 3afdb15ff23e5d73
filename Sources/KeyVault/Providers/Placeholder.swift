/// Texts that documentation prints where a key belongs, and that people paste.
///
/// The patterns are tried only on keys that have none of their provider's shapes, and only such stand here as nobody would
/// issue or choose for a test: a random key of 150 characters holds one by chance less than once in a million.
package enum Placeholder {
    /// So many `x` in a row are no key, whatever its shape.
    package static let longestRun = 16

    /// Longer text is no placeholder, and the bound keeps the cost of the whole list small.
    private static let longest = 256

    package static func fits(_ key: Span<UInt8>) -> Bool {
        guard !key.isEmpty, key.count <= longest else { return false }
        let (anchored, floating) = index
        if anchored[Int(key[0])].contains(where: { $0.matches(key) }) { return true }
        for position in key.indices {
            for pattern in floating[Int(key[position])]
            where pattern.beginsToFit(key, at: position) && pattern.matches(key) { return true }
        }
        return false
    }

    /// For each byte the patterns that a text can fit only if it begins with that byte, and those that it can fit only if the
    /// byte stands somewhere in it: a key that is no placeholder is then compared with few of them.
    private static let index = {
        let patterns = list.compactMap { WildcardPattern($0) }
        func index(_ patterns: [WildcardPattern]) -> [[WildcardPattern]] {
            (UInt8.min ... .max).map { byte in patterns.filter { $0.canBegin(with: byte) } }
        }
        return (anchored: index(patterns.filter { !$0.floats }), floating: index(patterns.filter(\.floats)))
    }()

    /// Matched in any case. A `*` stands for anything.
    package static let list = [
        // Exact strings.
        "api-key", "api_key", "apikey", "key", "mykey", "my-key", "secret", "token", "password", "dummy", "none",
        "null",
        "nil", "undefined", "todo", "tbd", "n/a", "string", "empty", "no-key", "no-key-required", "not-needed",
        // A prefix and nothing behind it.
        "sk-", "sk-proj-", "sk-ant-", "sk-ant-api03-", "sk-or-", "sk-or-v1-", "aiza", "aq.", "gsk_", "hf_", "r8_",
        "xai-",
        "pplx-", "csk-", "nvapi-", "fw_", "tgp_v1_",
        // "your-api-key-here", "sk-proj-your-openai-key", "YOUR_KEY", "your.token.goes.here".
        "*your*key*", "*your*token*", "*your*secret*", "*my-api-key*", "*my_api_key*", "*api-key-here*",
        "*api_key_here*",
        "*apikeyhere*", "*key-goes-here*", "*key_goes_here*", "*key-here*", "*key_here*", "*insert*key*", "*enter*key*",
        "*paste*key*", "*replace-with*", "*replace_with*", "*replace-me*", "*replace_me*", "*replaceme*", "*changeme*",
        "*change-me*", "*change_me*", "*fill-me-in*", "*placeholder*", "*redacted*", "*example-key*", "*example_key*",
        // Variables that were never filled in.
        "<*>", "{*}", "[[]*]", "$[A-Za-z_]*", "${*", "%[A-Za-z_]*%", "process.env.*", "os.environ*",
        // What stands for "more of this".
        "*xxxxxx*",
    ]
}
