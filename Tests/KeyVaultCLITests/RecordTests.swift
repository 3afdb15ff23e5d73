import Foundation
import KeyVault
import Testing

/// `put`, `reveal`, `show`, `list` and `delete`.
@Suite struct RecordTests {
    let box: Sandbox

    init() throws { box = try Sandbox.withVault() }

    @Test func whatWasPutIsRevealedByteForByte() throws {
        let put = try box.run("put", "acme/mine", input: "test-0123456789abcdefghijKLMN\n")
        #expect(put.status == 0 && put.errors == "")
        #expect(put.text == "Stored acme/mine (revision 1, tes…KLMN).\n")
        let reveal = try box.run("reveal", "acme/mine")
        #expect(reveal.status == 0 && reveal.errors == "")
        #expect(reveal.text == "test-0123456789abcdefghijKLMN")
    }

    @Test(arguments: [("key", "key"), ("key\n", "key"), ("key\r\n", "key"), (" key \n", " key ")])
    func oneLineBreakAtTheEndIsDropped(input: String, stored: String) throws {
        #expect(try box.run("put", "acme/mine", "--quiet", input: input).text == "")
        #expect(try box.run("reveal", "acme/mine").text == stored)
    }

    @Test func binaryKeysAreKeptAsTheyAre() throws {
        let secret = "a\0b\r\nc\n"
        #expect(try box.run("put", "acme/mine", "--allow-binary", input: secret).status == 0)
        #expect(try box.run("reveal", "acme/mine").text == secret)
    }

    @Test func theLongestKeyIsTaken() throws {
        let secret = String(repeating: "k", count: 65_536)
        #expect(try box.run("put", "acme/mine", input: secret + "\n").status == 0)
        #expect(try box.run("reveal", "acme/mine").text == secret)
    }

    @Test func aRevisionMayBeAskedFor() throws {
        #expect(try box.run("put", "acme/mine", "--if-revision", "0", input: "one").status == 0)
        try box.run("put", "acme/mine", "--if-revision", "0", input: "two")
            .expectError(8, "acme/mine is at revision 1, not at revision 0")
        #expect(try box.run("put", "--if-revision", "1", "acme/mine", input: "two").status == 0)
        #expect(try box.run("reveal", "acme/mine").text == "two")
    }

    @Test func showPrintsOneObject() throws {
        _ = try box.run("put", "acme/mine/second", input: "test-0123456789abcdefghijKLMN")
        let object = try box.run("show", "acme/mine/second", "--json").json(as: [String: Any].self)
        #expect(object["tenant"] as? String == "acme")
        #expect(object["provider"] as? String == "mine")
        #expect(object["label"] as? String == "second")
        #expect(object["revision"] as? Int == 1)
        #expect(object["hint"] as? String == "tes…KLMN")
        #expect(object["lastValidated"] is NSNull)
        #expect(object["verdict"] as? String == "unverified")
        #expect(object["state"] as? String == "enabled")
        #expect(object["damaged"] == nil)
        let created = try #require(object["created"] as? String)
        #expect(created == object["updated"] as? String)
        #expect(try #require(try? Date(created, strategy: .iso8601)).timeIntervalSinceNow > -60)
        let text = try box.run("show", "acme/mine/second").text
        #expect(text.contains("tes…KLMN") && !text.contains("0123456789"))
    }

    @Test func aShortKeyHasNoHint() throws {
        _ = try box.run("put", "acme/mine", input: "short")
        let object = try box.run("show", "acme/mine", "--json").json(as: [String: Any].self)
        #expect(object["hint"] is NSNull)
    }

    /// Such a character would turn the rest of the line around.
    @Test func aTableWritesOutWhatCannotBeSeen() throws {
        try box.run("put", "acme/mine/a\u{202E}b", input: "secret").expectSuccess()
        try box.run("put", "acme/mine/👩‍🔧", input: "secret").expectSuccess()
        let text = try box.run("list").text
        #expect(text.contains(#"a\u{202e}b"#) && !text.contains("\u{202E}") && text.contains("👩‍🔧"))
    }

    /// Every character of Unicode's Bidi_Control.
    @Test(
        arguments: ["\u{061C}", "\u{200E}", "\u{200F}"] + (UInt32(0x202A)...0x202E).map(String.init(scalar:))
            + (UInt32(0x2066)...0x2069).map(String.init(scalar:)))
    func noOutputTurnsAround(character: String) throws {
        let id = "acme/mine/a\(character)b"
        let put = try box.run("put", id, input: "secret")
        let show = try box.run("show", id)
        let raw = try box.run("show", id, "--json")
        let listed = try box.run("list", "none\(character)")
        let deleted = try box.run("delete", id)
        let missing = try box.run("delete", id)
        for text in [put.text, show.text, listed.text, deleted.text, missing.errors] {
            #expect(text.contains(#"\u{"#) && !text.contains(character), "\(text)")
        }
        #expect(put.status == 0 && show.text.contains("\nrevision"))
        #expect(try raw.json(as: [String: Any].self)["label"] as? String == "a\(character)b")
        #expect(raw.text.contains(character))
    }

    @Test func listPrintsWhatShowPrints() throws {
        #expect(try box.run("list", "--json").json(as: [Any].self).isEmpty)
        #expect(try box.run("list").text == "No keys are stored.\n")
        for id in ["b/mine", "a/mine/two", "a/mine"] { _ = try box.run("put", id, input: "secret") }
        let list = try box.run("list", "--json").json(as: [NSDictionary].self)
        #expect(list.map { $0["tenant"] as? String } == ["a", "a", "b"])
        #expect(list.map { $0["label"] as? String } == ["default", "two", "default"])
        #expect(list[2] == (try box.run("show", "b/mine", "--json").json(as: NSDictionary.self)))
        #expect(try box.run("list", "b", "--json").json(as: [NSDictionary].self) == [list[2]])
        #expect(try box.run("list", "c", "--json").json(as: [Any].self).isEmpty)
    }

    @Test func theTableIsAligned() throws {
        for id in ["a-long-tenant/mine", "é/yours/work"] { _ = try box.run("put", id, input: "secret") }
        let lines = try box.run("list").text.split(separator: "\n")
        let starts = try zip(lines, ["PROVIDER", "mine", "yours"]).map { line, name in
            line.distance(from: line.startIndex, to: try #require(line.firstRange(of: name)).lowerBound)
        }
        #expect(starts == [15, 15, 15])
    }

    @Test func tenantsThatDifferInNormalFormAreTwo() throws {
        let (composed, decomposed) = ("caf\u{E9}", "cafe\u{301}")
        _ = try box.run("put", "\(composed)/mine", input: "one")
        _ = try box.run("put", "\(decomposed)/mine", input: "two")
        #expect(try box.run("reveal", "\(composed)/mine").text == "one")
        #expect(try box.run("reveal", "\(decomposed)/mine").text == "two")
        #expect(try box.run("list", composed, "--json").json(as: [Any].self).count == 1)
        #expect(try box.run("delete", composed, "--all", "--yes").status == 0)
        #expect(try box.run("list", "--json").json(as: [Any].self).count == 1)
    }

    @Test func aDeletedKeyIsGone() throws {
        _ = try box.run("put", "acme/mine", input: "secret")
        #expect(try box.run("delete", "acme/mine").text == "Deleted acme/mine.\n")
        try box.run("delete", "acme/mine").expectError(3, "No key is stored for acme/mine")
        try box.run("reveal", "acme/mine").expectError(3, "No key is stored for acme/mine", hint: "keyvault put")
        try box.run("show", "acme/mine").expectError(3, "No key is stored for acme/mine")
    }

    @Test func allKeysOfATenantAreDeletedAtOnce() throws {
        for id in ["acme/mine", "acme/mine/two", "other/mine"] { _ = try box.run("put", id, input: "secret") }
        try box.run("delete", "acme/mine", "--all", "--yes").expectError(64, "a tenant alone", hint: "leave out --all")
        try box.run("delete", "acme", "--all").expectError(9, "Nobody is there to say yes", hint: "--yes")
        #expect(try box.run("delete", "acme", "--all", "--yes").text == "Deleted 2 keys of acme.\n")
        try box.run("delete", "acme", "--all", "--yes").expectError(3, "No keys are stored for acme")
        #expect(try box.run("list", "--json").json(as: [Any].self).count == 1)
    }

    /// Nobody is told to put it again, to delete it or to restore a backup (SPEC.md section 8).
    @Test func aKeyOfALaterReleaseIsNotCalledDamaged() async throws {
        for id in ["acme/mine", "acme/other"] { _ = try box.run("put", id, input: "secret") }
        // Where the version stands.
        try await box.damage(RecordID("acme/mine"), at: 4)
        let hint = "Upgrade KeyVault."
        for arguments in [["reveal", "acme/mine"], ["disable", "acme/mine"]] {
            try box.run(arguments).expectError(1, "acme/mine was written by a later release", hint: hint)
        }
        try box.run("put", "acme/mine", input: "other").expectError(1, "written by a later release", hint: hint)
        let show = try box.run("show", "acme/mine", "--json")
        #expect(show.status == 1)
        let object: NSDictionary = [
            "tenant": "acme", "provider": "mine", "label": "default", "revision": 1, "unreadable": "newerRecord",
        ]
        #expect(try show.json(as: NSDictionary.self) == object)
        #expect(try box.run("list", "--json").json(as: [NSDictionary].self).first == object)
        let list = try box.run("list").text
        #expect(list.contains("later release") && !list.contains("damaged"))
        #expect(try box.run("history", "acme/mine").text.contains("later release"))
        let verify = try box.run("verify")
        #expect(verify.status == 1 && verify.text.contains("Verified 2 keys, 0 damaged, 1 not opened."))
        let report = try box.run("verify", "--json").json(as: [String: Any].self)
        #expect((report["damaged"] as? [Any])?.isEmpty == true && (report["unopened"] as? [Any])?.count == 1)
        let rotation = try box.run("rotate", "master", "--new-master-key-file", "new")
        #expect(rotation.status == 1)
        rotation.expectErrorLines("stay under the old master key: acme/mine (revision 1, later release)")
        #expect(
            try box.run("delete", "acme/mine", environment: ["KEYVAULT_MASTER_KEY_FILE": "\(box.masterKeyPath),new"])
                .status == 0)
    }

    @Test func aDamagedKeyIsListedReportedAndDeleted() async throws {
        for id in ["acme/mine", "acme/other"] { _ = try box.run("put", id, input: "secret") }
        #expect(try box.run("verify").status == 0)
        try await box.damage(RecordID("acme/mine"))

        try box.run("reveal", "acme/mine").expectError(7, "acme/mine was changed, moved or damaged")
        let show = try box.run("show", "acme/mine", "--json")
        #expect(show.status == 7)
        show.expectErrorLines("acme/mine was changed, moved or damaged")
        let object = try show.json(as: NSDictionary.self)
        #expect(object == ["tenant": "acme", "provider": "mine", "label": "default", "revision": 1, "damaged": true])
        let list = try box.run("list", "--json")
        #expect(list.status == 0)
        #expect(try list.json(as: [NSDictionary].self).first == object)
        #expect(try box.run("list").text.contains("damaged"))

        let verify = try box.run("verify", "--json")
        #expect(verify.status == 7)
        verify.expectErrorLines("Damaged records: 1 of 2")
        let report = try verify.json(as: [String: Any].self)
        #expect(Set(report.keys) == ["records", "damaged"])
        #expect(report["records"] as? Int == 2)
        let damaged = try #require(report["damaged"] as? [[String: Any]])
        #expect(damaged.count == 1)
        #expect(Set(damaged[0].keys) == ["tenant", "provider", "label", "revision", "reason"])
        #expect(damaged[0]["provider"] as? String == "mine" && damaged[0]["revision"] as? Int == 1)

        #expect(try box.run("delete", "acme/mine").status == 0)
        let again = try box.run("verify", "--json")
        #expect(again.status == 0)
        #expect(try again.json(as: NSDictionary.self) == ["records": 1, "damaged": []])
    }
}

extension String {
    fileprivate init(scalar value: UInt32) { self = Unicode.Scalar(value).map { String($0) } ?? "" }
}
