import Foundation
import KeyVaultStorage
import Testing

@testable import KeyVaultSQLite

@Suite struct FilesTests {
    @Test func whatCannotBeSyncedIsNotTakenForDurable() async throws {
        let directory = try TemporaryDirectory()
        await expectError(.notFound, naming: "none") { try Files.sync(directory("none")) }
        await expectError(.notFound, naming: "none") { try Files.syncDirectory(of: directory("none/file")) }
        // A device keeps nothing.
        await expectError(.io, naming: "/dev/null") { try Files.sync("/dev/null") }
        try Files.sync(directory.path)
        try Files.syncDirectory(of: directory("none"))
    }

    @Test func aFileTakesNoNameThatIsTaken() throws {
        let directory = try TemporaryDirectory()
        for name in ["a", "b"] { try Data(name.utf8).write(to: URL(filePath: directory(name))) }
        #expect(throws: FileError.exists) { try Files.rename(directory("a"), toNew: directory("b")) }
        #expect(try directory.names == ["a", "b"])
        #expect(throws: FileError.notFound) { try Files.rename(directory("a"), toNew: directory("none/c")) }
        try Files.rename(directory("a"), toNew: directory("c"))
        #expect(try directory.names == ["b", "c"])
        #expect(try Data(contentsOf: URL(filePath: directory("b"))) == Data("b".utf8))
    }

    /// A mark that combines with the slash makes one character of both, and the path is absolute all the same.
    @Test func aPathIsLiteralByItsBytes() {
        #expect(Files.literal("/\u{301}name") == "/\u{301}name")
        #expect(Files.literal("/name") == "/name")
        #expect(Files.literal("file:name") == "./file:name")
        #expect(Files.literal("") == "./")
    }

    @Test(arguments: [("name", true), ("/name", true), ("./name", true), ("/none/name", false), ("none/name", false)])
    func theFolderOfAName(_ path: String, _ isThere: Bool) async {
        #expect(Files.directoryExists(of: path) == isThere)
        if isThere {
            #expect(throws: Never.self) { try Files.syncDirectory(of: path) }
        } else {
            await expectError(.notFound) { try Files.syncDirectory(of: path) }
        }
    }
}
