import KeyVaultFormat
import Testing

@Suite("Vectors: identifiers") struct IdentifierVectorTests {
    private let accepted: [(String, String, String, String)] = [
        ("plain", "acme", "openai", "default"),
        ("one byte each", "a", "b", "c"),
        ("e with an acute accent as one code point", "caf\u{E9}", "openai", "default"),
        ("e and a combining acute accent", "cafe\u{301}", "openai", "default"),
        ("beyond the basic plane", "\u{1F511}", "openai", "\u{10FFFF}"),
        ("spaces, quotes, percent signs and backslashes", " a b ", "\"'%", "\\"),
        ("a space that is no control character", "\u{A0}", "\u{2028}", "\u{200B}"),
        (
            "255 bytes", String(repeating: "a", count: 255), String(repeating: "b", count: 255),
            String(repeating: "\u{E9}", count: 127) + "c"
        ),
        ("reserved tenant", "_vault", "state", "default"),
        ("an underscore elsewhere reserves nothing", "v_ault", "_state", "_default"),
        ("names whose concatenation is that of the next", "a", "bc", "d"),
        ("names whose concatenation is that of the one before", "ab", "c", "d"),
    ]

    private let refused: [(String, [UInt8])] = [
        ("empty", []),
        ("256 bytes", [UInt8](repeating: 0x61, count: 256)),
        ("a slash", Array("a/b".utf8)),
        ("NUL", [0x61, 0]),
        ("a line break", [0x61, 0x0A]),
        ("the last of C0", [0x1F]),
        ("DEL", [0x7F]),
        ("the first of C1", [0xC2, 0x80]),
        ("the last of C1", [0xC2, 0x9F]),
        ("a byte that begins nothing", [0xFF]),
        ("a continuation without a beginning", [0x80]),
        ("an overlong slash", [0xC0, 0xAF]),
        ("a surrogate", [0xED, 0xA0, 0x80]),
        ("above U+10FFFF", [0xF4, 0x90, 0x80, 0x80]),
        ("a sequence that ends early", [0xE2, 0x82]),
    ]

    private let references = [
        "acme/openai", "acme/openai/default", "acme/openai/ci", "acme", "", "/", "acme/", "/openai", "acme/openai/",
        "acme//ci", "a/b/c/d",
    ]

    @Test func match() throws {
        var acceptedCases: [VectorCase] = []
        for (name, tenant, provider, label) in accepted {
            let id = try RecordID(tenant: tenant, provider: provider, label: label)
            acceptedCases.append(
                VectorCase(
                    name,
                    [
                        ("tenant", .text(tenant)), ("provider", .text(provider)), ("label", .text(label)),
                        ("encoded", .bytes(id.encoded)), ("reserved", .bool(id.isReserved)),
                    ]))
        }
        var refusedCases: [VectorCase] = []
        for (name, bytes) in refused {
            for part in 0..<3 {
                let names = (0..<3).map { $0 == part ? bytes : [0x61] }
                // What is no UTF-8 never becomes a String; the rest must be refused as a name.
                let texts = names.compactMap { String(validating: $0, as: UTF8.self) }
                if texts.count == 3 {
                    #expect(throws: FormatError(.invalidName, "", section: "2")) {
                        try RecordID(tenant: texts[0], provider: texts[1], label: texts[2])
                    }
                }
                refusedCases.append(
                    VectorCase(
                        "\(name), \(["tenant", "provider", "label"][part])",
                        [
                            ("section", .text("2")), ("tenant", .bytes(names[0])), ("provider", .bytes(names[1])),
                            ("label", .bytes(names[2])),
                        ]))
            }
        }
        let referenceCases = references.map { text in
            VectorCase(text, [("text", .text(text)), ("encoded", .bytes((try? RecordID(text))?.encoded ?? []))])
        }
        #expect(referenceCases.count == 11)
        try VectorFile(name: "identifiers.json").check(
            "SPEC.md section 2",
            [("accepted", acceptedCases), ("refused", refusedCases), ("references", referenceCases)])
    }
}
