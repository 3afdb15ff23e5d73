import Foundation
import KeyVaultSQLite
import KeyVaultTesting
import Synchronization
import TestSupport
import Testing

@testable import KeyVault

/// Bad input gets a typed error and loses nothing: what the command line's tests of the same name cannot reach.
@Suite struct BadInputTests {
    private let ring: MasterKeyRing
    private let store = MemoryStore()
    private let vault: Vault
    private let id: RecordID

    init() async throws {
        ring = MasterKeyRing(try MasterKey.random())
        vault = try await Vault.create(in: store, masterKey: ring)
        id = try RecordID(tenant: "acme", provider: "example")
        try await vault.put(Secret("secret"), for: id)
    }

    @Test func secretsThatAreNone() throws {
        #expect(throws: VaultError(.emptySecret, "")) { try Secret("") }
        #expect(throws: VaultError(.secretTooLong, "")) { try Secret(String(repeating: "k", count: 65_537)) }
    }

    @Test func anyBytesAreASecretToTheLibrary() async throws {
        for text in ["\0", "a\nb\r\n", String(repeating: "\0", count: 65_536)] {
            try await vault.put(Secret(text), for: id)
            let isSame = try await vault.withSecret(id) { secret in
                unsafe secret.withUnsafeBytes { unsafe $0.elementsEqual(text.utf8) }
            }
            #expect(isSame)
        }
    }

    @Test func anotherVaultThanTheOneExpected() async throws {
        let other = try await Vault.create(in: MemoryStore(), masterKey: ring)
        await #expect(throws: VaultError(.unexpectedVault, "")) {
            try await Vault.open(store, keys: SourceThatNobodyAsks(), expecting: other.id)
        }
    }

    @Test(arguments: ["", "a/b", "a\n", String(repeating: "a", count: 256)])
    func tenantsThatAreNone(_ tenant: String) async throws {
        let calls: [@Sendable (Vault) async throws -> Void] = [
            { _ = try await $0.list(tenant: tenant) },
            { _ = try await $0.deleteAll(of: tenant) },
            { _ = try await $0.createToken(for: tenant) },
            { _ = try await $0.storedKeys(of: tenant, providers: ["example"]) },
        ]
        for call in calls {
            await #expect(throws: VaultError(.invalidArgument, "")) { try await call(vault) }
        }
        #expect(try await vault.withSecret(id) { $0.byteCount } == 6)
    }

    @Test func theVaultsOwnTenantsAreNobodys() async throws {
        await #expect(throws: VaultError(.invalidArgument, "")) {
            _ = try await vault.storedKeys(of: "_tokens", providers: ["example"])
        }
        await #expect(throws: VaultError(.invalidArgument, "")) { _ = try await vault.createToken(for: "_tokens") }
    }

    @Test(arguments: [-1, 0, 1001]) func pagesThatAreNone(_ limit: Int) async throws {
        await #expect(throws: VaultError(.invalidArgument, "")) { _ = try await vault.list(limit: limit) }
    }

    @Test func aRecordThatIsNotThereHasNoHistory() async throws {
        let other = try RecordID(tenant: "acme", provider: "other")
        await #expect(throws: VaultError(.notFound, "")) { _ = try await vault.history(of: other) }
        await #expect(throws: VaultError(.notFound, "")) { try await vault.rollback(other) }
        await #expect(throws: VaultError(.notFound, "")) { try await vault.rollback(id, to: 1) }
    }

    @Test func aStoreWithoutAVault() async throws {
        await #expect(throws: VaultError(.noVault, "")) { _ = try await Vault.open(MemoryStore(), keys: ring) }
    }

    @Test func aSourceThatIsAskedAgainGivesWhatItHas() async throws {
        #expect(try await vault.reloadMasterKeys() == ring.ids)
        #expect(try await vault.withSecret(id) { $0.byteCount } == 6)
    }

    @Test func aVaultThatIsThereStays() async throws {
        await #expect(throws: VaultError(.exists, "")) { try await Vault.create(in: store, masterKey: ring) }
        #expect(try await vault.withSecret(id) { $0.byteCount } == 6)
    }

    @Test func aSecondCloseWaitsForTheFirst() async throws {
        let store = FaultInjectingStore(MemoryStore())
        let vault = try await Vault.create(in: store, masterKey: ring)
        store.hold(.close)
        async let first: Void = vault.close()
        await store.waitUntilHeld(.close)
        let isReleased = Mutex(false)
        async let second = {
            await vault.close()
            return isReleased.withLock { $0 }
        }()
        for _ in 0..<100 { await Task.yield() }
        isReleased.withLock { $0 = true }
        store.release(.close)
        #expect(await second)
        await first
    }

    @Test func aClosedVaultRefusesEverything() async throws {
        await vault.close()
        let new = MasterKeyRing(try MasterKey.random())
        let calls: [@Sendable (Vault) async throws -> Void] = [
            { [id] in try await $0.withSecret(id) { _ in } },
            { [id] in try await $0.put(Secret("new"), for: id) },
            { [id] in try await $0.delete(id) },
            { try await $0.deleteAll(of: "acme") },
            { [id] in _ = try await $0.metadata(for: id) },
            { _ = try await $0.list() },
            { _ = try await $0.verify() },
            { _ = try await $0.rotateMasterKey(to: new) },
            { try await $0.reloadMasterKeys() },
            { _ = try await $0.copy(to: MemoryStore()) },
        ]
        for call in calls {
            await #expect(throws: VaultError(.closed, "")) { try await call(vault) }
        }
        await vault.close()
    }

    @Test(arguments: ["memory", "sqlite", "file"]) func aCancelledTaskWritesNothing(kind: String) async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.appending(path: "store").path
            let store: any RecordStore =
                switch kind {
                case "sqlite": try await SQLiteStore.open(path, create: true)
                case "file": try await FileStore.open(path, create: true)
                default: MemoryStore()
                }
            let vault = try await Vault.create(in: store, masterKey: ring)
            try await vault.put(Secret("secret"), for: id)
            let new = MasterKeyRing(try MasterKey.random())
            let calls: [@Sendable () async throws -> Void] = [
                { [id] in try await vault.put(Secret("another"), for: id) }, { [id] in try await vault.delete(id) },
                { _ = try await vault.rotateMasterKey(to: new) },
            ]
            for call in calls {
                let task = Task {
                    // The task itself, which is there while this runs.
                    unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
                    try await call()
                }
                await #expect(throws: VaultError(.cancelled, "")) { try await task.value }
            }
            #expect(try await vault.withSecret(id) { $0.byteCount } == 6)
            #expect(try await store.readHead()?.generation == 1)
            await vault.close()
        }
    }
}

/// A vault that is not the one expected may name any keys, and any price for its passphrase.
private struct SourceThatNobodyAsks: MasterKeySource {
    func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing {
        Issue.record("Keys were asked for.")
        throw CancellationError()
    }
}
