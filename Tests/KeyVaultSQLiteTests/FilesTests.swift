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
