import KeyVaultFormat
import TestSupport
import Testing

@Suite struct RecordIDTests {
    @Test func encodesEachNameBehindItsLength() throws {
        let id = try RecordID(tenant: "acme", provider: "openai", label: "ci")
        #expect(id.encoded == Array("\u{4}acme\u{6}openai\u{2}ci".utf8))
        #expect(id.tenant == "acme")
        #expect(id.provider == "openai")
        #expect(id.label == "ci")
        #expect(Array(id.nameBytes(at: 1)) == Array("openai".utf8))
    }

    @Test func theEncodingIsInjective() throws {
        // All of these are "abcd" when the names are merely written one behind the other.
        let ids = try [("a", "b", "cd"), ("a", "bc", "d"), ("ab", "c", "d")].map {
            try RecordID(tenant: $0.0, provider: $0.1, label: $0.2)
        }
        #expect(Set(ids.map(\.encoded)).count == 3)
        #expect(Set(ids).count == 3)
    }

    @Test func readsReferences() throws {
        #expect(try RecordID("acme/openai") == RecordID(tenant: "acme", provider: "openai", label: "default"))
        #expect(try RecordID("acme/openai/ci") == RecordID(tenant: "acme", provider: "openai", label: "ci"))
        #expect(try "\(RecordID("acme/openai/default"))" == "acme/openai")
        #expect(try "\(RecordID("acme/openai/ci"))" == "acme/openai/ci")
    }

    @Test(arguments: ["", "acme", "/", "//", "///", "acme/", "/openai", "acme/openai/", "a/b/c/d", "acme//ci", "a\n/b"])
    func refusesWhatIsNoReference(_ text: String) {
        #expect(throws: FormatError(.invalidName, "", section: "2")) { try RecordID(text) }
    }

    @Test func namesHaveOneTo255Bytes() throws {
        let longest = String(repeating: "é", count: 127) + "a"
        let id = try RecordID(tenant: longest, provider: longest, label: longest)
        #expect(id.encoded.count == 768)
        #expect(id.label == longest)
        for long in [longest + "a", String(repeating: "é", count: 128), ""] {
            #expect(throws: FormatError(.invalidName, "", section: "2")) { try RecordID(tenant: long, provider: "p") }
            #expect(throws: FormatError(.invalidName, "", section: "2")) { try RecordID(tenant: "t", provider: long) }
            #expect(throws: FormatError(.invalidName, "", section: "2")) {
                try RecordID(tenant: "t", provider: "p", label: long)
            }
        }
    }

    @Test func controlCharactersAndSlashesAreRefusedAndNothingElse() throws {
        for value in UInt32(0)...0x2FF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let name = "a" + String(Character(scalar))
            if value < 0x20 || (0x7F...0x9F).contains(value) || scalar == "/" {
                #expect(throws: FormatError(.invalidName, "", section: "2")) { try RecordID.checkTenant(name) }
            } else {
                try RecordID.checkTenant(name)
            }
        }
        // A slash inside of a grapheme cluster is a slash.
        #expect(throws: FormatError(.invalidName, "", section: "2")) { try RecordID.checkTenant("a/\u{301}") }
    }

    @Test func anEncodingIsTakenWhereItsNamesAreAndNowhereElse() throws {
        let longest = String(repeating: "é", count: 127) + "a"
        for id in try [RecordID("acme/openai/ci"), RecordID(tenant: longest, provider: longest, label: "\u{A0}💡")] {
            #expect(RecordID(encoded: id.encoded) == id)
            for count in 0..<id.encoded.count { #expect(RecordID(encoded: Array(id.encoded.prefix(count))) == nil) }
            #expect(RecordID(encoded: id.encoded + [0]) == nil)
            #expect(RecordID(encoded: id.encoded + [1, 0x61]) == nil)
        }
        // Every name of two bytes, in one place or another: it is taken where a text of those bytes is, and makes the same id.
        var wrong: [[UInt8]] = []
        for number in UInt16.min...UInt16.max {
            let name = [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)]
            let text = String(validating: name, as: UTF8.self) ?? "/"
            let place = Int(number) % 3
            let pieces: [[UInt8]] = (0..<3).map { $0 == place ? [2] + name : [1, 0x61] }
            let names = (0..<3).map { $0 == place ? text : "a" }
            let expected = try? RecordID(tenant: names[0], provider: names[1], label: names[2])
            if RecordID(encoded: Array(pieces.joined())) != expected { wrong.append(name) }
        }
        #expect(wrong.prefix(9) == [])
        #expect(RecordID(encoded: [0, 1, 0x61, 1, 0x61]) == nil)
    }

    @Test func namesThatDifferInNormalisationAreTwo() throws {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        try #require(composed == decomposed)
        let ids = try [composed, decomposed].map { try RecordID(tenant: $0, provider: "p") }
        #expect(ids[0] != ids[1])
        #expect(Set(ids).count == 2)
        #expect(Array(ids[0].tenant.utf8) == Array(composed.utf8))
        #expect(Array(ids[1].tenant.utf8) == Array(decomposed.utf8))
        #expect(ids[1] < ids[0])
        #expect(
            try Set([RecordID(tenant: "t", provider: composed), RecordID(tenant: "t", provider: decomposed)]).count == 2
        )
    }

    @Test func tenantsWithAnUnderscoreAreReserved() throws {
        #expect(try RecordID("_vault/p").isReserved)
        #expect(try !RecordID("v_ault/_p/_l").isReserved)
    }

    @Test func isOrderedByTheBytesOfItsNames() throws {
        // Sorting the encodings would put "b" before "aa", since its length is lower.
        let sorted = try ["a/b", "a/b/z", "a/c", "aa/a", "b/a", "é/a"].map { try RecordID($0) }
        #expect(sorted.shuffled().sorted() == sorted)
        #expect(try !(RecordID("a/b") < RecordID("a/b")))
    }

    @Test func everyStringIsAnIDOrATypedError() {
        var random = SplitMix64(seed: 2)
        for _ in 0..<2000 {
            let text = String(decoding: random.bytes(Int(random.next() % 24)), as: UTF8.self)
            do {
                let id = try RecordID(text)
                #expect((try? RecordID("\(id)")) == id)
            } catch {
                #expect(error.code == .invalidName)
            }
        }
    }
}
