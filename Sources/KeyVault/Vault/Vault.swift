import KeyVaultCrypto
public import KeyVaultFormat
public import KeyVaultStorage
import Synchronization

/// An encrypted store of other people's keys.
///
/// Open one for each store and share it: a vault is safe to use from any number of tasks. A key is handed out for the
/// duration of a closure (`withSecret`), in guarded memory that is wiped when the closure ends.
public final class Vault: Sendable {
    /// On whose behalf the current task acts, for ``VaultConfiguration/audit``. Set it around your calls with
    /// `Vault.$principal.withValue(_:operation:)`. `KeyVaultHTTP` and `keyvault-server` do not set it.
    @TaskLocal public static var principal: String?

    /// The vault's own id, as its header states it.
    public let id: VaultID
    let store: any RecordStore
    let envelope: Envelope
    let configuration: VaultConfiguration
    let time: TimeSource
    let liveKeys: LiveKeys
    /// The revision floor that the vault was opened with: a repair before may have lost revisions up to it.
    let floorAtOpening: UInt64
    let cache: SecretCache
    let directory: KeyDirectory
    /// The ids of the tokens that this process has revoked: no outage of the store brings them back.
    let revokedTokens = Mutex<Set<String>>([])
    private let isClosed = Atomic(false)
    private let closing = Mutex<Task<Void, Never>?>(nil)
    private let watcher = Mutex<Task<Void, Never>?>(nil)

    private init(
        store: any RecordStore, floor: UInt64, keys: KeyState, source: any MasterKeySource,
        configuration: VaultConfiguration
    ) throws(VaultError) {
        id = keys.header.vaultID
        envelope = Envelope(vaultID: id)
        let time = configuration.time
        self.time = time
        liveKeys = LiveKeys(
            keys, store: store, source: source, time: time, patience: configuration.masterKeyPatience)
        cache = try VaultError.wrap { () throws(CryptoError) in try SecretCache(configuration.cache, time: time) }
        directory = KeyDirectory(configuration.cache, time: time)
        floorAtOpening = floor
        self.store = store
        self.configuration = configuration
    }

    /// Creates a vault in an empty store.
    ///
    /// - Parameters:
    ///   - store: The vault closes it. Where this throws, it stays open, and is yours to close.
    ///   - masterKey: The vault is created under the ring's first key. Keep that key: nothing opens without it.
    /// - Throws: ``VaultError`` `exists` when the store holds a vault already.
    public static func create(
        in store: some RecordStore, masterKey: MasterKeyRing, configuration: VaultConfiguration = VaultConfiguration()
    ) async throws(VaultError) -> Vault {
        let id = try VaultID.random()
        return try await create(id, in: store, masterKey, keys: masterKey, slots: [], configuration: configuration)
    }

    /// Creates a vault that opens by a passphrase: its master key is made here and kept in the vault's header, wrapped.
    ///
    /// - Parameter passphrase: its bytes, whatever they are; a line break is a part of it. `Secret(contentsOfFile:)` drops one.
    /// - Throws: as ``create(in:masterKey:configuration:)``, and `invalidArgument` for a passphrase of fewer than 8 bytes.
    public static func create(
        in store: some RecordStore, passphrase: Secret, configuration: VaultConfiguration = VaultConfiguration()
    ) async throws(VaultError) -> Vault {
        let id = try VaultID.random()
        let ring = MasterKeyRing(try VaultError.wrap { () throws(CryptoError) in try MasterKey.random() })
        let slot = try await PassphraseSlot.make(wrapping: ring.first.key, under: passphrase, vault: id)
        let keys = FirstKeys(ring: ring, others: PassphraseSource(passphrase))
        return try await create(id, in: store, ring, keys: keys, slots: [slot], configuration: configuration)
    }

    private static func create(
        _ id: VaultID, in store: some RecordStore, _ masterKey: MasterKeyRing, keys: some MasterKeySource,
        slots: [PassphraseSlot], configuration: VaultConfiguration
    ) async throws(VaultError) -> Vault {
        let active = masterKey.first.key.id
        let header = VaultHeader(
            vaultID: id, generation: 1, activeKeyID: active,
            keys: [.init(id: active, state: .live, added: configuration.date())], slots: slots)
        let stored = try masterKey.authenticate(header)
        try await VaultError.wrap { () async throws(StoreError) in try await store.create(header: stored.encoded) }
        return try await open(store, keys: keys, configuration: configuration)
    }

    /// Opens the vault that `store` holds.
    ///
    /// - Parameters:
    ///   - store: The vault closes it, and no other may use it: what one writes, another one on the same store would not notice. Where
    ///     this throws, it stays open, and is yours to close.
    ///   - keys: Where the master keys come from: a ``MasterKeyFile``, a ``MasterKeyRing``, a source of your own. It is asked
    ///     again when the vault meets a key that it does not know.
    ///   - expected: The id that the vault must have. Pin it where somebody could put another vault in the place of yours.
    /// - Throws: ``VaultError`` `noVault`, `wrongMasterKey`, `missingMasterKey`, `retiredMasterKey`, `unreadableMasterKey`,
    ///   `unexpectedVault`, `damagedHeader`, `newerVault`, `store`, `crypto`. An error of `keys` that is no ``VaultError`` becomes the cause of
    ///   a `missingMasterKey`.
    public static func open(
        _ store: some RecordStore, keys: some MasterKeySource, expecting expected: VaultID? = nil,
        configuration: VaultConfiguration = VaultConfiguration()
    ) async throws(VaultError) -> Vault {
        // Before anything else is read: what others change from here on is noticed.
        let seen = try? await store.foreignChanges()
        let head = try await VaultError.wrap { () async throws(StoreError) in try await store.readHead() }
        guard let head else {
            throw VaultError(.noVault, "There is no vault in this store yet.", hint: "Create one first.")
        }
        // Before any key is asked for: another vault's header may name other keys, and a high price for its passphrase.
        if let expected, let found = try? StoredHeader(head.header).header.vaultID, found != expected {
            throw VaultError(
                .unexpectedVault, "This is the vault \(found), not \(expected) as expected.",
                hint: "Open the right store.")
        }
        let state = try await KeyState.open(head, source: keys)
        let vault = try Vault(
            store: store, floor: head.revisionFloor, keys: state, source: keys, configuration: configuration)
        let watcher = vault.watchForeignChanges(since: seen)
        vault.watcher.withLock { $0 = watcher }
        return vault
    }

    /// Ends every use: cached keys are wiped, the store is closed. Calls that follow throw `closed`.
    public func close() async {
        isClosed.store(true, ordering: .releasing)
        await closing.withLock { closing in
            let task = closing ?? Task { await closeOnce() }
            closing = task
            return task
        }.value
    }

    private func closeOnce() async {
        stopWatching()
        cache.invalidateAll()
        directory.forgetAll()
        await store.close()
        // What reads that had begun before brought meanwhile.
        cache.invalidateAll()
    }

    /// Ends the background task: this vault no longer notices what others change.
    func stopWatching() { watcher.withLock { $0.take() }?.cancel() }

    deinit { watcher.withLock { $0 }?.cancel() }
}

extension Vault {
    /// The header last believed and the keys held.
    var keys: KeyState { liveKeys.current }

    @inline(__always)
    func checkOpen() throws(VaultError) {
        if isClosed.load(ordering: .acquiring) { throw .closed }
    }

    /// Refuses the vault's own records to its users.
    @inline(__always)
    func checkNotReserved(_ id: RecordID) throws(VaultError) {
        if id.isReserved { throw .reserved }
    }
}

extension VaultError {
    fileprivate static var closed: VaultError {
        VaultError(.closed, "The vault was closed.", hint: "Open it again.")
    }

    static var reserved: VaultError {
        VaultError(.invalidArgument, "Tenants that begin with '_' are the vault's own.", hint: "Name another tenant.")
    }
}

extension VaultID {
    fileprivate static func random() throws(VaultError) -> VaultID {
        VaultID(trusted: try VaultError.wrap { () throws(CryptoError) in try Random.bytes(length) })
    }
}
