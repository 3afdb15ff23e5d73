import KeyVault

/// Keys of given shapes for tests: put together at run time, so that no scanner finds one in the sources.
enum MadeUpKey {
    /// `count` characters of a class, the same for the same arguments and without long runs.
    static func characters(_ characters: CharacterClass, _ count: Int, seed: Int = 1) -> String {
        let alphabet = (UInt8(0x21)...0x7E).filter { characters.contains($0) }
        var state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
        let bytes = (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return alphabet[Int((state >> 33) % UInt64(alphabet.count))]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// A key of exactly this shape, its body `bodyLength` long.
    static func key(_ format: KeyFormat, bodyLength: Int, seed: Int = 1) -> String {
        let tail = format.suffix ?? ""
        let marker = format.marker ?? ""
        let rest = bodyLength - tail.count - marker.count
        let front = characters(format.characters, rest / 2, seed: seed)
        let back = characters(format.characters, rest - rest / 2, seed: seed + 1000)
        return format.prefix + front + marker + back + tail
    }

    /// A key of the provider's first shape.
    static func key(of provider: String, seed: Int = 1) -> String {
        guard let format = ProviderRegistry.builtIn[provider]?.formats.first else { return "" }
        return key(format, bodyLength: (format.length.lowerBound + format.length.upperBound) / 2, seed: seed)
    }
}

extension ProviderRegistry {
    func match(_ key: String, of provider: String) -> KeyFormat.Match? {
        let bytes = Array(key.utf8)
        return self[provider].map { match(bytes.span, of: $0) }
    }
}
