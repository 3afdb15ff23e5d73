import Foundation
import Testing

/// Keys that would be found again go through the program, and everything that it writes is searched for them.
@Suite struct CanaryTests {
    private static let marker = "canary+in/a~cage=?"
    private static let key = "\(marker)-0123456789-\(marker)"

    @Test func nothingThatIsWrittenHoldsAKey() throws {
        let box = try Sandbox.withVault()
        let key = Self.key
        var texts: [String] = []
        func run(_ arguments: String..., input: String = "") throws {
            let outcome = try box.run(arguments, input: input)
            texts += [outcome.text, outcome.errors]
        }
        try run("put", "t/mine", input: key)
        try run("put", "t/mine", "--keep-previous", "1h", input: key + "2")
        for arguments in [["show", "t/mine"], ["list"], ["history", "t/mine"], ["verify"], ["test", "t/mine"]] {
            texts += [try box.run(arguments).text, try box.run(arguments + ["--json"]).text]
        }
        // Refused by the rules, for a line break, by the revision, for its length; read as an option, as a reference, as JSON.
        try run("put", "t/openai", input: key)
        try run("put", "t/openai", input: "sk-ant-\(key)")
        try run("put", "t/mine", input: "\(key)\n\(key)")
        try run("put", "t/mine", "--if-revision", "99", input: key)
        try run("put", "t/mine", input: String(repeating: key, count: 2000))
        try run("import", input: #"{"tenant":"t","provider":"mine","label":"x","secret":"\#(key)""#)
        try run("import", input: #"{"tenant":"t","provider":"openai","label":"x","secret":"\#(key)"}"#)
        try run("import", input: #"{"tenant":"t","provider":"mine","label":7,"secret":"\#(key)"}"#)
        try run("import", input: key)
        try run("disable", "t/mine")
        try run("reveal", "t/mine")
        try run("delete", "t/mine", "--yes")
        #expect(texts.joined().utf8.count > 2000)

        let hexadecimal = Self.marker.utf8.map { String($0, radix: 16) }.joined()
        let base64 = Data(Self.marker.utf8).base64EncodedString().dropLast(4)
        for form in [Self.marker, hexadecimal, String(base64)] {
            #expect(!texts.joined().contains(form))
            for file in try FileManager.default.contentsOfDirectory(atPath: box.folder.path()) where file != "config" {
                let contents = try Data(contentsOf: box.folder.appending(path: file))
                #expect(contents.range(of: Data(form.utf8)) == nil, "\(file)")
            }
        }
    }
}
