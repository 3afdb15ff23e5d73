import Foundation
import KeyVaultStorage
import TestSupport
import Testing

@testable import KeyVaultSQLite

@Suite struct FilesTests {
    @Test func whatCannotBeSyncedIsNotTakenForDurable() async throws {
        let folder = try TemporaryFolder()
        await expectError(.notFound, naming: "none") { try Files.sync(folder.file("none")) }
        await expectError(.notFound, naming: "none") { try Files.syncDirectory(of: folder.file("none/file")) }
        // A device keeps nothing.
        await expectError(.io, naming: "/dev/null") { try Files.sync("/dev/null") }
        try Files.sync(folder.path)
        try Files.syncDirectory(of: folder.file("none"))
    }

    @Test func aFileTakesNoNameThatIsTaken() throws {
        let folder = try TemporaryFolder()
        for name in ["a", "b"] { try Data(name.utf8).write(to: URL(filePath: folder.file(name))) }
        #expect(throws: FileError.exists) { try Files.rename(folder.file("a"), toNew: folder.file("b")) }
        #expect(try folder.names == ["a", "b"])
        #expect(throws: FileError.notFound) { try Files.rename(folder.file("a"), toNew: folder.file("none/c")) }
        try Files.rename(folder.file("a"), toNew: folder.file("c"))
        #expect(try folder.names == ["b", "c"])
        #expect(try Data(contentsOf: URL(filePath: folder.file("b"))) == Data("b".utf8))
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
