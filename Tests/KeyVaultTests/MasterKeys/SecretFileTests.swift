import Foundation
import KeyVault
import KeyVaultCrypto
import TestSupport
import Testing

/// Files that hold a key: only where nobody else could have read them, and never overwritten.
@Suite struct SecretFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func file(_ name: String, _ contents: String, mode: Int = 0o600) throws -> String {
        let path = folder.file(name)
        try Data(contents.utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        return path
    }

    private func read(_ path: String) throws(VaultError) -> String {
        try Secret(contentsOfFile: path).withSpan { bytes in
            String(decoding: bytes.indices.map { bytes[$0] }, as: UTF8.self)
        }
    }

    @Test func oneLineBreakAtTheEndIsNoPartOfASecret() throws {
        #expect(try read(file("plain", "sk-1")) == "sk-1")
        #expect(try read(file("unix", "sk-1\n")) == "sk-1")
        #expect(try read(file("other", "sk-1\r\n")) == "sk-1")
        #expect(try read(file("two", "sk-1\n\n")) == "sk-1\n")
        #expect(throws: VaultError(.emptySecret, "")) { try read(file("break", "\n")) }
    }

    @Test func whatCannotBeReadIsRefused() throws {
        #expect(throws: VaultError(.unreadableSecret, "")) { try read(folder.file("none")) }
        #expect(throws: VaultError(.unreadableSecret, "")) { try read(folder.path) }
        for mode in [0o640, 0o604, 0o660] {
            #expect(throws: VaultError(.unreadableSecret, "")) { try read(file("shared", "sk-1", mode: mode)) }
        }
        #expect(throws: VaultError(.unreadableSecret, "")) { try read(file("empty", "")) }
        let long = String(repeating: "k", count: Secret.maximumLength)
        #expect(try read(file("longest", long + "\r\n")) == long)
        #expect(throws: VaultError(.secretTooLong, "")) { try read(file("longer", long + "k")) }
        #expect(throws: VaultError(.unreadableSecret, "")) { try read(file("far too long", long + long)) }
    }

    @Test func aFileThatIsThereIsNotOverwritten() throws {
        let path = try file("key", "mine")
        #expect(throws: VaultError(.exists, "")) { _ = try MasterKeyFile.create(at: path) }
        #expect(try read(path) == "mine")
        #expect(throws: VaultError(.unreadableMasterKey, "")) {
            _ = try MasterKeyFile.create(at: folder.file("no/such/folder"))
        }
    }

    @Test func whatIsNotWrittenWholeIsNotLeft() throws {
        let path = folder.file("half")
        #expect(throws: VaultError(.crypto, "")) {
            try SecretFile.create(at: path) { (write) throws(VaultError) in
                try write([1, 2, 3].span)
                throw VaultError(.crypto, "The rest cannot be had.")
            }
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func secretsAreComparedWhole() throws {
        #expect(try Secret("sk-1") == Secret("sk-1"))
        #expect(try Secret("sk-1") != Secret("sk-2"))
        #expect(try Secret("sk-1") != Secret("sk-12"))
    }

    @Test(arguments: ["", ".", "..", "a/b", "/key"]) func aCredentialIsNamedWithoutAFolder(_ name: String) {
        #expect(throws: VaultError(.invalidArgument, "")) { try MasterKeyFile.credential(named: name) }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"] == nil))
    func withoutAServiceManagerThereIsNoCredential() {
        #expect(throws: VaultError(.missingMasterKey, "")) { try MasterKeyFile.credential(named: "master-key") }
    }
}
