import Foundation
import Testing

@Suite struct RepairTests {
    @Test func damageIsNamedAndGivenUpOnlyWhenAccepted() throws {
        let box = try Sandbox()
        let environment = ["KEYVAULT_STORE": "file:keys.vault"]
        func run(_ arguments: String..., input: String = "") throws -> Outcome {
            try box.run(arguments, input: input, environment: environment)
        }
        try run("init", "--quiet").expectSuccess()
        for number in 0..<8 { try run("put", "t\(number)/mine", "--quiet", input: "secret").expectSuccess() }
        #expect(try run("repair").text == "Nothing is damaged in file:keys.vault.\n")

        let url = box.folder.appending(path: "keys.vault")
        let length = try Data(contentsOf: url).count
        let file = try FileHandle(forUpdating: url)
        try file.seek(toOffset: UInt64(length / 2))
        try file.write(contentsOf: Data(repeating: 0xA5, count: 16))
        try file.close()
        try FileManager.default.removeItem(atPath: box.path("keys.vault-hint"))

        #expect(try run("list").status == 7)
        let damaged = try Data(contentsOf: url)
        try run("repair").expectError(7, "cannot be used", hint: "--accept-loss")
        #expect(try Data(contentsOf: url) == damaged)
        let repair = try run("repair", "--accept-loss")
        repair.expectSuccess()
        #expect(repair.text.contains("is kept as"))
        #expect(try run("list", "--json").json(as: [Any].self).count == 7)
        for command in ["repair", "doctor"] {
            #expect(try box.run(command, "--store", "file:none").status == (command == "repair" ? 3 : 1))
        }
        #expect(!FileManager.default.fileExists(atPath: box.path("none-lock")))
        try box.run("repair", "--store", "sqlite:keyvault.db").expectError(64, "is no file store")
    }
}
