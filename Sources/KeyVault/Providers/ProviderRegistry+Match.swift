extension ProviderRegistry {
    /// Looks at the shape of `secret`, which somebody says is a key of `provider`. White space around it is ignored.
    ///
    /// Takes time linear in the secret, under a microsecond for a key of ordinary length, and says nothing about whether the
    /// key is live. The longest known prefix decides whose a key is, so that `sk-ant-…` is never an OpenAI key.
    public func match(_ secret: Span<UInt8>, of provider: Provider) -> KeyFormat.Match {
        let key = secret.extracting(KeyFormat.trimmed(secret))
        if let refusal = Self.refusal(ofBytes: key) { return .refused(refusal) }

        if key.begins(with: TokenText.prefix) { return .refused(.ownToken) }
        let longest = prefixes.first { key.begins(with: $0.text) }
        if longest?.isAdministrative == true { return .refused(.administrative) }
        let reach = longest?.text.utf8.count ?? 0
        // A shape without a prefix fits by all of its characters; that it begins like another's key is chance.
        let counts = { (own: Int) in own == 0 || own >= reach }
        if provider.formats.contains(where: { counts($0.prefix.utf8.count) && $0.fits(key) }) { return .matches }

        if Placeholder.fits(key) { return .refused(.placeholder) }
        if let longest {
            let owners = prefixes.lazy.filter { $0.text == longest.text }.map(\.owner)
            if !owners.contains(provider.name) { return .belongsToAnother(Array(owners)) }
        } else if !provider.requiredPrefixes.isEmpty {
            return .refused(.missingPrefix)
        }
        return .unknownShape
    }

    /// What no provider's key holds, found in one pass.
    private static func refusal(ofBytes key: Span<UInt8>) -> KeyFormat.Refusal? {
        if key.isEmpty { return .empty }
        var run = 0
        var previous: UInt8 = 0
        var worst: KeyFormat.Refusal?
        for index in key.indices {
            let byte = key[index]
            run = byte == previous ? run + 1 : 1
            previous = byte
            if !CharacterClass.isPrintable(byte) {
                if isMask(key, at: index) { return .masked }
                worst = worst ?? refusal(ofUnprintable: byte)
            } else if run >= 3 {
                if byte == UInt8(ascii: ".") || byte == UInt8(ascii: "*") { return .masked }
                if run >= Placeholder.longestRun, byte | 0x20 == UInt8(ascii: "x") { worst = worst ?? .placeholder }
            }
        }
        return worst
    }

    private static func refusal(ofUnprintable byte: UInt8) -> KeyFormat.Refusal {
        KeyFormat.isWhiteSpace(byte) ? .whiteSpace : byte < 0x20 || byte == 0x7F ? .controlCharacter : .notASCII
    }

    /// Whether an ellipsis, a bullet or a filled circle begins here, in UTF-8: what displays of keys are masked with.
    private static func isMask(_ key: Span<UInt8>, at index: Int) -> Bool {
        guard key[index] == 0xE2, index + 2 < key.count else { return false }
        switch (key[index + 1], key[index + 2]) {
        case (0x80, 0xA6), (0x80, 0xA2), (0x97, 0x8F): return true
        default: return false
        }
    }
}
