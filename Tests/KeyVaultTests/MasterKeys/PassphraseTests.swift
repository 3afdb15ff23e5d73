import KeyVault
import KeyVaultTesting
import Testing

@Suite struct PassphraseTests {
    @Test func aPassphraseOpensChangesAndSurvivesARotation() async throws {
        let store = MemoryStore()
        let vault = try await Vault.create(in: store, passphrase: Secret("correct horse"))
        let id = try RecordID(tenant: "acme", provider: "example")
        try await vault.put(Secret("secret"), for: id)
        let before = try await store.read(id)
        try await vault.setPassphrase(Secret("battery staple"))
        #expect(try await store.read(id) == before)
        await #expect(throws: VaultError(.wrongMasterKey, "")) {
            try await Vault.open(store, keys: PassphraseSource(try Secret("correct horse")))
        }
        let again = try await Vault.open(store, keys: PassphraseSource(try Secret("battery staple")))
        let new = MasterKeyRing(try MasterKey.random())
        await #expect(throws: VaultError(.invalidArgument, "")) { try await again.rotateMasterKey(to: new) }
        _ = try await again.rotateMasterKey(to: new, passphrase: Secret("battery staple"))
        let third = try await Vault.open(store, keys: PassphraseSource(try Secret("battery staple")))
        #expect(try await third.withSecret(id) { $0.byteCount } == 6)
    }

    /// A typing error would otherwise be the passphrase from now on.
    @Test func aRotationTakesOnlyThePassphraseThatOpensTheVault() async throws {
        let store = MemoryStore()
        let vault = try await Vault.create(in: store, passphrase: Secret("correct horse"))
        let before = try await store.readHead()
        let new = MasterKeyRing(try MasterKey.random())
        let error = await #expect(throws: VaultError.self) {
            try await vault.rotateMasterKey(to: new, passphrase: Secret("correct house"))
        }
        #expect(error?.code == .wrongMasterKey && error?.hint != nil)
        #expect(try await store.readHead() == before)
        // Somebody else's change counts, too.
        let other = try await Vault.open(store, keys: PassphraseSource(try Secret("correct horse")))
        try await other.setPassphrase(Secret("battery staple"))
        await #expect(throws: VaultError(.wrongMasterKey, "")) {
            try await vault.rotateMasterKey(to: new, passphrase: Secret("correct horse"))
        }
        _ = try await vault.rotateMasterKey(to: new, passphrase: Secret("battery staple"))
        _ = try await Vault.open(store, keys: PassphraseSource(try Secret("battery staple")))
    }

    /// Both have looked at the same header; a passphrase that was acknowledged would go with the key that it leads to.
    @Test(arguments: [nil, "correct horse"]) func aPassphraseThatIsSetDuringARotationIsNotLost(_ first: String?)
        async throws
    {
        let base = MemoryStore()
        let store = FaultInjectingStore(base)
        let old = MasterKeyRing(try MasterKey.random())
        let vault = try await Vault.create(in: base, masterKey: old)
        if let first { try await vault.setPassphrase(Secret(first)) }
        let other = try await Vault.open(store, keys: old)
        store.hold(.write)
        let rotation = Task {
            try await other.rotateMasterKey(
                to: MasterKeyRing(try MasterKey.random()), passphrase: try first.map { try Secret($0) })
        }
        await store.waitUntilHeld(.write)
        try await vault.setPassphrase(Secret("battery staple"))
        store.release(.write)
        await #expect(throws: VaultError(.conflict, "")) { try await rotation.value }
        _ = try await Vault.open(base, keys: PassphraseSource(try Secret("battery staple")))
    }

    @Test func aShortPassphraseIsRefused() async throws {
        await #expect(throws: VaultError(.invalidArgument, "")) {
            try await Vault.create(in: MemoryStore(), passphrase: Secret("1234567"))
        }
    }

    /// Whoever opened the vault by the passphrase does so, and whoever created it holds no less.
    @Test func aVaultThatWasCreatedByAPassphraseFollowsARotation() async throws {
        let store = MemoryStore()
        let vault = try await Vault.create(in: store, passphrase: Secret("correct horse"))
        let id = try RecordID(tenant: "acme", provider: "example")
        try await vault.put(Secret("secret"), for: id)
        let other = try await Vault.open(store, keys: PassphraseSource(try Secret("correct horse")))
        _ = try await other.rotateMasterKey(
            to: MasterKeyRing(try MasterKey.random()), passphrase: Secret("correct horse"))
        try await vault.put(Secret("another secret"), for: id)
        #expect(try await vault.withSecret(id) { $0.byteCount } == 14)
    }

    @Test func aRotationGivesNoVaultItsFirstPassphrase() async throws {
        let store = MemoryStore()
        let (old, new) = (MasterKeyRing(try MasterKey.random()), MasterKeyRing(try MasterKey.random()))
        let vault = try await Vault.create(in: store, masterKey: old)
        await #expect(throws: VaultError(.invalidArgument, "")) {
            try await vault.rotateMasterKey(to: new, passphrase: Secret("correct horse"))
        }
        _ = try await Vault.open(store, keys: old)
        _ = try await vault.rotateMasterKey(to: new)
        await #expect(throws: VaultError(.missingMasterKey, "")) {
            try await Vault.open(store, keys: PassphraseSource(try Secret("correct horse")))
        }
    }

    @Test func aVaultWithoutAPassphraseSaysSo() async throws {
        let store = MemoryStore()
        _ = try await Vault.create(in: store, masterKey: MasterKeyRing(try MasterKey.random()))
        await #expect(throws: VaultError(.missingMasterKey, "")) {
            try await Vault.open(store, keys: PassphraseSource(try Secret("correct horse")))
        }
    }
}
