import Glibc
import KeyVault
import Testing

@Suite struct KeyFormatTests {
    private let registry = ProviderRegistry.builtIn

    @Test func everyProviderOfTheFieldIsBuiltIn() {
        #expect(registry.providers.count >= 20)
        #expect(Set(registry.names).count == registry.providers.count)
    }

    /// Whoever mixes up what he sends to us with what we send on.
    @Test(arguments: ["openai", "groq", "azure"]) func aTokenOfOurOwnIsNoProvidersKey(provider: String) {
        let token = "kvt_0123456789abcdef_" + MadeUpKey.characters(.word, 43)
        #expect(registry.match(token, of: provider) == .refused(.ownToken))
    }

    // MARK: Shapes

    @Test func aMarkerInThePrefixIsNone() {
        let format = KeyFormat(prefix: "sk-mark", length: 4...8, marker: "mark")
        for (key, fits) in [("sk-markmark", true), ("sk-markabcd", false)] {
            let found = format.fits(key.utf8.span)
            #expect(found == fits)
        }
    }

    @Test(arguments: Provider.builtIn) func everyShapeMatchesItsProvider(_ provider: Provider) {
        for format in provider.formats {
            let lengths = Set([format.length.lowerBound, format.length.upperBound, format.length.lowerBound + 1])
            for length in lengths where format.length.contains(length) {
                for seed in 1...4 {
                    let key = MadeUpKey.key(format, bodyLength: length, seed: seed)
                    #expect(registry.match(key, of: provider.name) == .matches, "\(provider.name) \(length) \(seed)")
                    #expect(registry.match(" \t\(key)\r\n", of: provider.name) == .matches)
                }
            }
        }
    }

    /// Written down again, as the providers issue them: what stands in front, whose alphabet follows, how long all of it is, and
    /// how it ends.
    @Test(arguments: [
        ("openai", "sk-proj-", CharacterClass.word, 164, ""), ("openai", "sk-svcacct-", .word, 167, ""),
        ("openai", "sk-", .alphanumeric, 51, ""), ("anthropic", "sk-ant-api03-", .word, 108, "AA"),
        ("google", "AIza", .word, 39, ""), ("openrouter", "sk-or-v1-", .hexadecimal, 73, ""),
        ("groq", "gsk_", .alphanumeric, 56, ""), ("xai", "xai-", .alphanumeric, 84, ""),
        ("mistral", "", .alphanumeric, 32, ""), ("cohere", "", .alphanumeric, 40, ""),
        ("deepseek", "sk-", .lowerAlphanumeric, 35, ""), ("together", "", .hexadecimal, 64, ""),
        ("fireworks", "fw_", .alphanumeric, 27, ""), ("perplexity", "pplx-", .alphanumeric, 53, ""),
        ("huggingface", "hf_", .alphanumeric, 37, ""), ("replicate", "r8_", .alphanumeric, 40, ""),
        ("cerebras", "csk-", .lowerAlphanumeric, 52, ""), ("nvidia", "nvapi-", .word, 70, ""),
        ("azure", "", .hexadecimal, 32, ""), ("azure", "", .alphanumeric, 84, ""),
        ("elevenlabs", "sk_", .hexadecimal, 51, ""), ("voyage", "pa-", .word, 46, ""),
    ]) func aKeyAsItIsIssuedMatches(
        _ provider: String, _ prefix: String, _ characters: CharacterClass, _ length: Int, _ end: String
    ) {
        let marker = provider == "openai" ? "T3BlbkFJ" : ""
        let rest = length - prefix.count - marker.count - end.count
        let (front, back) = (
            MadeUpKey.characters(characters, rest / 2), MadeUpKey.characters(characters, rest - rest / 2, seed: 2)
        )
        #expect(registry.match(prefix + front + marker + back + end, of: provider) == .matches)
        // All of that is asked for.
        if !marker.isEmpty { #expect(registry.match(prefix + front + "T3blbkFJ" + back, of: provider) != .matches) }
        if !end.isEmpty { #expect(registry.match(prefix + front + back + "BA", of: provider) != .matches) }
    }

    @Test(arguments: Provider.builtIn) func anotherLengthOrCharacterIsAnUnknownShape(_ provider: Provider) {
        for format in provider.formats where !format.prefix.isEmpty {
            let body = MadeUpKey.characters(format.characters, format.length.upperBound + 1)
            let wrong = [
                format.prefix + body, format.prefix + body.prefix(format.length.lowerBound - 1),
                format.prefix + body.prefix(format.length.lowerBound - 1) + "~",
            ]
            for key in wrong {
                #expect(registry.match(key, of: provider.name) == .unknownShape, "\(provider.name) \(key.count)")
            }
        }
    }

    /// Every provider's key, offered as every other's: 380 pairs.
    @Test(arguments: Provider.builtIn) func aKeyOfferedAsAnothersNamesItsOwner(_ owner: Provider) throws {
        let key = MadeUpKey.key(of: owner.name)
        let prefix = try #require(owner.formats.first).prefix
        for other in registry.providers where other.name != owner.name {
            let match = registry.match(key, of: other.name)
            switch (prefix, other.requiredPrefixes) {
            // OpenAI, DeepSeek and Moonshot share it: the caller says whose it is.
            case ("sk-", let required)
            where required == ["sk-"] || other.name == "deepseek" || other.name == "moonshot":
                #expect(match == .unknownShape, "\(owner.name) as \(other.name)")
            case ("sk-", _):
                #expect(
                    match == .belongsToAnother(["deepseek", "moonshot", "openai"]), "\(owner.name) as \(other.name)")
            case ("", []):
                // Shapes without a prefix tell nobody's keys apart.
                #expect(match == .unknownShape || match == .matches, "\(owner.name) as \(other.name)")
            case ("", _):
                #expect(match == .refused(.missingPrefix), "\(owner.name) as \(other.name)")
            default:
                #expect(match == .belongsToAnother([owner.name]), "\(owner.name) as \(other.name)")
            }
        }
    }

    /// What the HTTP contract says of its four providers.
    @Test(arguments: [
        ("openai", "sk-proj-", true), ("openai", "sk-", true), ("openai", "sk-svcacct-", true),
        ("openai", "pk-", false),
        ("openai", "", false), ("openai", "Sk-", false), ("anthropic", "sk-ant-", true),
        ("anthropic", "sk-ant-api09-", true),
        ("anthropic", "", false), ("google", "AIza", true), ("google", "AQ.", true), ("google", "aiza", false),
        ("google", "", false), ("openrouter", "sk-or-", true), ("openrouter", "sk-or-v2-", true),
        ("openrouter", "", false),
    ]) func leniencyBeginsBehindTheMandatoryPrefix(_ provider: String, _ prefix: String, _ isAccepted: Bool) {
        for length in [5, 21, 271] {
            let match = registry.match(prefix + MadeUpKey.characters(.alphanumeric, length), of: provider)
            #expect(match == (isAccepted ? .unknownShape : .refused(.missingPrefix)), "\(prefix) \(length)")
        }
    }

    @Test(arguments: [
        ("sk-ant-", "openai", ["anthropic"]), ("sk-or-", "openai", ["openrouter"]),
        ("sk-or-v1-", "anthropic", ["openrouter"]),
        ("sk-proj-", "anthropic", ["openai"]), ("sk-", "anthropic", ["deepseek", "moonshot", "openai"]),
        ("sk-ant-", "deepseek", ["anthropic"]), ("sk-proj-", "moonshot", ["openai"]), ("gsk_", "xai", ["groq"]),
        ("AIza", "openai", ["google"]), ("xai-", "groq", ["xai"]), ("hf_", "replicate", ["huggingface"]),
        ("sk_", "openai", ["elevenlabs"]), ("AIza", "mistral", ["google"]),
    ]) func theLongestPrefixDecides(_ prefix: String, _ provider: String, _ owners: [String]) {
        let key = prefix + MadeUpKey.characters(.alphanumeric, 39)
        #expect(registry.match(key, of: provider) == .belongsToAnother(owners))
    }

    /// An operator's own rule may be so wide that other providers' keys fit it.
    @Test func theLongestPrefixDecidesOverAShapeThatFits() {
        var registry = registry
        registry.add(
            Provider(
                name: "proxy", displayName: "Proxy", formats: [KeyFormat(prefix: "sk-", length: 10...200)]))
        let body = MadeUpKey.characters(.alphanumeric, 39)
        #expect(registry.match("sk-" + body, of: "proxy") == .matches)
        #expect(registry.match("sk-ant-" + body, of: "proxy") == .belongsToAnother(["anthropic"]))
    }

    /// A document lists them in any order, and the shorter prefix may stand first.
    @Test func eachShapeOfAProviderCounts() {
        var registry = registry
        let formats = [KeyFormat(prefix: "own_", length: 10...60), KeyFormat(prefix: "own_live_", length: 20...20)]
        for formats in [formats, formats.reversed()] {
            registry.add(Provider(name: "own", displayName: "Own", formats: formats))
            #expect(registry.match("own_live_" + MadeUpKey.characters(.alphanumeric, 20), of: "own") == .matches)
            #expect(registry.match("own_" + MadeUpKey.characters(.alphanumeric, 20), of: "own") == .matches)
        }
    }

    @Test func aShapeWithoutAPrefixIsNotOverruledByChance() {
        // 40 letters and digits that begin like a Google key are still a Cohere key; 39 of them are not.
        #expect(registry.match("AIza" + MadeUpKey.characters(.alphanumeric, 36), of: "cohere") == .matches)
        #expect(
            registry.match("AIza" + MadeUpKey.characters(.alphanumeric, 35), of: "cohere")
                == .belongsToAnother(["google"]))
    }

    // MARK: Refusals

    @Test(arguments: [
        ("sk-admin-", "openai"), ("sk-admin-", "anthropic"), ("sk-admin-", "mistral"), ("sk-ant-admin01-", "anthropic"),
        ("sk-ant-admin02-", "openai"),
    ]) func administrativeKeysAreRefused(_ prefix: String, _ provider: String) {
        let key = prefix + MadeUpKey.characters(.word, 90)
        #expect(registry.match(key, of: provider) == .refused(.administrative))
    }

    @Test(arguments: [
        "sk-…AbCd", "sk-p...AbCd", "sk-ant-***************abcd", "sk-proj-••••••••WxYz", "AIza●●●●●●", "sk-or-v1-abc…",
        "***", "…", "sk-...", "sk- …AbCd",
    ]) func masksAreRefused(_ key: String) {
        for provider in registry.names {
            #expect(registry.match(key, of: provider) == .refused(.masked), "\(provider)")
        }
    }

    @Test(arguments: [
        "your-api-key-here", "YOUR_API_KEY", "sk-your-key-here", "sk-proj-your-openai-key", "sk-ant-your-anthropic-key",
        "AIza-your-google-key", "sk-or-your-openrouter-key", "<your-key>", "<OPENAI_KEY>", "{api_key}", "{{ key }}",
        "${OPENAI_API_KEY}", "$OPENAI_API_KEY", "%OPENAI_API_KEY%", "process.env.OPENAI_API_KEY", "sk-xxxxxxxxxxxx",
        "sk-proj-XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX", "sk-", "sk-ant-", "AIza", "changeme", "REPLACE_ME",
        "sk-placeholder",
        "insert-your-key-here", "sk-ant-api03-REPLACE-WITH-YOURS", "[[your.token]]", "undefined", "null", "api_key",
        "sk-api-key-here", "[API_KEY]", "paste-the-api-key-of-your-account-between-these-quotes-and-save-this-file",
    ]) func placeholdersAreRefused(_ key: String) {
        for provider in registry.names {
            let match = registry.match(key, of: provider)
            // White space inside is refused before anything is compared.
            let expected: KeyFormat.Refusal = key.contains(" ") ? .whiteSpace : .placeholder
            #expect(match == .refused(expected), "\(provider)")
        }
    }

    @Test func aRowOfOneLetterIsAPlaceholderInTheRightShapeToo() {
        #expect(registry.match("gsk_" + String(repeating: "x", count: 52), of: "groq") == .refused(.placeholder))
        #expect(registry.match("AIza" + String(repeating: "X", count: 35), of: "google") == .refused(.placeholder))
        #expect(registry.match(String(repeating: "x", count: 32), of: "mistral") == .refused(.placeholder))
    }

    @Test(arguments: [(15, KeyFormat.Match.matches), (16, .refused(.placeholder))])
    func fewOfTheSameLetterAreChance(_ count: Int, _ match: KeyFormat.Match) {
        for letter in ["x", "X"] {
            let rest = MadeUpKey.characters(.hexadecimal, 52 - count)
            #expect(registry.match("gsk_\(rest)" + String(repeating: letter, count: count), of: "groq") == match)
        }
        #expect(registry.match("gsk_" + String(repeating: "y", count: 52), of: "groq") == .matches)
    }

    @Test func twoDotsAreNoMask() {
        #expect(registry.match("AQ..." + MadeUpKey.characters(.word, 40), of: "google") == .refused(.masked))
        #expect(registry.match("AQ.." + MadeUpKey.characters(.word, 40), of: "google") == .matches)
    }

    @Test(arguments: [" ", "\t", "\n", "\u{B}", "\u{C}", "\r"]) func whiteSpaceAroundAKeyIsIgnored(_ space: String) {
        let key = MadeUpKey.key(of: "groq")
        #expect(registry.match(space + key + space, of: "groq") == .matches)
        #expect(registry.match(key.prefix(20) + space + key.dropFirst(20), of: "groq") == .refused(.whiteSpace))
    }

    @Test(arguments: Provider.builtIn) func whatNoHeaderCarriesIsRefused(_ provider: Provider) {
        let key = MadeUpKey.key(of: provider.name)
        let (front, back) = (key.prefix(key.count / 2), key.suffix(key.count - key.count / 2))
        let cases: [(String, KeyFormat.Refusal)] = [
            (" ", .whiteSpace), ("\n", .whiteSpace), ("\r\n", .whiteSpace), ("\t", .whiteSpace),
            ("\0", .controlCharacter),
            ("\u{1B}", .controlCharacter), ("\u{7F}", .controlCharacter), ("é", .notASCII), ("\u{200B}", .notASCII),
        ]
        for (inside, refusal) in cases {
            #expect(registry.match(front + inside + back, of: provider.name) == .refused(refusal))
        }
        for empty in ["", " ", "\r\n\t "] { #expect(registry.match(empty, of: provider.name) == .refused(.empty)) }
    }

    @Test(arguments: KeyFormat.Refusal.allCases) func everyRefusalExplainsItself(_ refusal: KeyFormat.Refusal) {
        #expect("The key \(refusal.explanation).".count > 15)
    }

    // MARK: Any input

    @Test func randomBytesGetAnAnswer() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let count = Int.random(in: 0...300, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            for provider in registry.providers {
                let match = registry.match(bytes.span, of: provider)
                // A random byte is printable three times in eight, so that beyond 20 of them no key is left.
                if count > 100 { #expect(match != .matches) }
            }
        }
    }

    @Test(arguments: ["sk-", "sk-proj-", "AIza", "your", "sk-T3BlbkFJ", ""])
    func aMebibyteTakesLinearTime(_ front: String) throws {
        // The worst texts for a matcher that tries again: every position begins a marker or a pattern and none ends it.
        let provider = try #require(registry["openai"])
        // The processor's time of this thread: what else the machine does does not count.
        func now() -> Double {
            var time = timespec()
            unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
        }
        func time(_ count: Int) -> Double {
            var bytes = Array(front.utf8)
            while bytes.count < count { bytes += Array("T3BlbkFyouryour".utf8) }
            return (0..<3).map { _ in
                let start = now()
                _ = registry.match(bytes.span, of: provider)
                return now() - start
            }.min() ?? 0
        }
        let (small, large) = (time(1 << 16), time(1 << 20))
        // 16 times the input, and as much again for caches and a busy machine; the square would be 256 times.
        #expect(large < small * 16 * 8 + 0.005)
    }
}
