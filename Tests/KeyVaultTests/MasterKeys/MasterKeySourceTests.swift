import Foundation
import KeyVault
import KeyVaultCrypto
import TestSupport
import Testing

/// Where master keys come from, and what is said where there is none.
@Suite struct MasterKeySourceTests {
    private struct FailingSource: MasterKeySource {
        struct Outage: Error {}

        func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing { throw Outage() }
    }

    @Test func theErrorOfASourceIsTheCause() async throws {
        let store = MemoryStore()
        _ = try await Vault.create(in: store, masterKey: MasterKeyRing(try MasterKey.random()))
        let error = await #expect(throws: VaultError.self) { try await Vault.open(store, keys: FailingSource()) }
        #expect(error?.code == .missingMasterKey)
        #expect(error?.cause is FailingSource.Outage)
    }

    @Test func aTaskThatIsCancelledLacksNoKey() async throws {
        let store = MemoryStore()
        _ = try await Vault.create(in: store, masterKey: MasterKeyRing(try MasterKey.random()))
        let opening = Task {
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await Vault.open(store, keys: CancelledSource())
        }
        await #expect(throws: VaultError(.cancelled, "")) { try await opening.value }
        // A time limit of the source's own.
        await #expect(throws: VaultError(.missingMasterKey, "")) {
            try await Vault.open(store, keys: CancelledSource())
        }
    }

    private struct CancelledSource: MasterKeySource {
        func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing { throw CancellationError() }
    }

    @Test func filesMakeARingInTheirOrderAndEachKeyCountsOnce() async throws {
        try await TemporaryFolder.with { folder in
            let paths = ["one", "other"].map { folder.appending(path: $0).path }
            var ids: [MasterKeyID] = []
            for path in paths {
                let key = try MasterKeyFile.create(at: path)
                ids.append(key.id)
            }
            #expect(try MasterKeyFile(paths: paths).load().ids == ids)
            #expect(try MasterKeyFile(paths: paths.reversed() + paths).load().ids == ids.reversed())
            #expect(throws: VaultError(.missingMasterKey, "")) { try MasterKeyFile(paths: []).load() }
        }
    }

    @Test(arguments: [
        ("correct horse battery staple too", "password"), (String(repeating: "00", count: 32), "same"),
        ("not a key", "32 random bytes"),
    ])
    func aFileThatHoldsNoKeySaysWhatItHolds(_ contents: String, _ reason: String) async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appending(path: "key").path
            #expect(
                FileManager.default.createFile(
                    atPath: path, contents: Data(contents.utf8), attributes: [.posixPermissions: 0o600]))
            let error = #expect(throws: VaultError.self) { try MasterKeyFile(path).load() }
            #expect(error?.code == .unreadableMasterKey)
            #expect(error?.message.contains(path) == true && error?.message.contains(reason) == true)
            #expect(error?.description.contains(contents) == false)
        }
    }

    @Test func aFileThatOpensAndCannotBeReadIsNotMissing() {
        // A process may open its own memory; nothing is mapped at its beginning.
        let error = #expect(throws: VaultError.self) { try MasterKeyFile("/proc/self/mem").load() }
        #expect(error?.code == .unreadableMasterKey)
        #expect(error?.message.contains("Input/output error") == true)
        #expect(error?.hint == nil)
    }

    @Test func aNameWithoutAFolderIsAFileBesideTheProcess() throws {
        let name = "keyvault-test-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: name) }
        let id = try MasterKeyFile.create(at: name).id
        #expect(try MasterKeyFile("\(FileManager.default.currentDirectoryPath)/\(name)").load().ids == [id])
    }
}
