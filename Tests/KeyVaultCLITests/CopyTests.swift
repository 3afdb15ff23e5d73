import Foundation
import KeyVault
import KeyVaultTesting
import Testing

/// `backup`, `restore` and `migrate`.
@Suite struct CopyTests {
    let box: Sandbox

    init() throws {
        box = try Sandbox.withVault()
        for id in ["a/mine", "b/mine"] { try box.run("put", id, input: "secret of \(id)").expectSuccess() }
    }

    @Test func aBackupOpensAndIsRestored() throws {
        let backup = try box.run("backup", "copy.db")
        backup.expectSuccess()
        #expect(backup.text == "Copied sqlite:keyvault.db to sqlite:copy.db and verified it: 2 keys.\n")
        #expect(try box.run("reveal", "a/mine", "--store", "sqlite:copy.db").text == "secret of a/mine")
        try box.run("delete", "a/mine").expectSuccess()
        try box.run("restore", "copy.db").expectError(1, "keyvault.db exists", hint: "keyvault restore")
        try box.run("restore", "copy.db", "--store", "sqlite:restored.db").expectSuccess()
        #expect(try box.run("reveal", "a/mine", "--store", "sqlite:restored.db").text == "secret of a/mine")
    }

    @Test func nothingIsOverwritten() throws {
        try Data("mine".utf8).write(to: box.folder.appending(path: "mine"))
        try box.run("backup", "mine").expectError(1, "mine exists")
        try box.run("backup", "none/copy.db").expectError(3, "none")
        try box.run("restore", "none.db", "--store", "sqlite:new.db").expectError(
            3, "no backup at sqlite:none.db", hint: "keyvault backup")
        #expect(try Data(contentsOf: box.folder.appending(path: "mine")) == Data("mine".utf8))
        #expect(!FileManager.default.fileExists(atPath: box.path("new.db")))
    }

    @Test func aBackupIsOfTheKindOfItsVault() throws {
        try box.run("backup", "sqlite:").expectError(64, "names no file", hint: "Write sqlite:PATH.")
        try box.run("backup", "memory:copy").expectError(64, "vault in memory", hint: "Name a file: sqlite:")
        try box.run("backup", "file:copy").expectError(64, "and not in file:copy", hint: "keyvault migrate")
        try box.run("restore", "file:copy", "--store", "sqlite:new.db").expectError(64, "and not in file:copy")
        try box.run("backup", "sqlite:copy.db").expectSuccess()
        #expect(!FileManager.default.fileExists(atPath: box.path("copy")))
    }

    @Test func aVaultMovesBetweenStores() throws {
        try box.run("migrate", "--to", "file:keys.vault").expectSuccess()
        #expect(try box.run("reveal", "a/mine", "--store", "file:keys.vault").text == "secret of a/mine")
        try box.run("backup", "copy.vault", "--store", "file:keys.vault").expectSuccess()
        try box.run("migrate", "--store", "file:copy.vault", "--to", "sqlite:back.db").expectSuccess()
        #expect(try box.run("reveal", "b/mine", "--store", "sqlite:back.db").text == "secret of b/mine")
        try box.run("migrate", "--to", "sqlite:back.db").expectError(1, "holds a vault already")
    }

    @Test func aBackupOfTheOtherKindIsMigrated() throws {
        try box.run("backup", "copy.db").expectSuccess()
        try box.run("restore", "copy.db", "--store", "file:new.vault").expectError(
            1, "copy.db is not a KeyVault file store", hint: "Name it sqlite:copy.db; 'keyvault migrate'")
        try box.run("migrate", "--store", "sqlite:copy.db", "--to", "file:new.vault").expectSuccess()
        try box.run("restore", "new.vault", "--store", "sqlite:new.db").expectError(
            1, "new.vault is not a SQLite database", hint: "Name it file:new.vault; 'keyvault migrate'")
        try box.run("backup", "new.db", "--store", "sqlite:new.vault").expectError(
            1, "new.vault is not a SQLite database", hint: "Name it file:new.vault; 'keyvault migrate'")
        try Data("Not a vault, and as long as the header of one.".utf8).write(to: box.folder.appending(path: "text"))
        try box.run("restore", "text", "--store", "file:other").expectError(1, "text is not", hint: "Give the path")
    }

    /// As one that was killed leaves it.
    @Test func aCopyThatWasBrokenOffIsMadeAnewWhereTheVaultWasChanged() async throws {
        let store = try await FileStore.open(box.path("copy.vault"), create: true)
        let failing = FaultInjectingStore(store)
        failing.fail(.write, with: StoreError(.full, "The disk is full."), skipping: 1)
        await #expect(throws: VaultError(.store, "")) {
            try await box.withVault { try await $0.copy(to: failing) }
        }
        await store.close()
        try box.run("list", "--store", "file:copy.vault").expectError(7, "was not finished", hint: "remove it first")
        try box.run("put", "a/mine", input: "newer").expectSuccess()
        try box.run("migrate", "--to", "file:copy.vault").expectError(
            8, "was written to since this copy of it was begun", hint: "remove the unfinished copy, and copy anew")
        for command in ["backup", "migrate"] {
            #expect(try box.run("help", command).text.contains("was broken off"))
            #expect(try box.run("help", command).text.contains("remove it"))
        }
    }

    @Test func damageIsCopiedAndNamed() async throws {
        try await box.damage(RecordID("a/mine"))
        let outcome = try box.run("backup", "copy.db", "--quiet")
        #expect(outcome.status == 7)
        outcome.expectErrorLines("a/mine")
        #expect(try box.run("reveal", "b/mine", "--store", "sqlite:copy.db").text == "secret of b/mine")
    }
}
