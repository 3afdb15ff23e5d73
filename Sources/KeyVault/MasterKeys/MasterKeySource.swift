public import KeyVaultFormat

/// Where a vault's master keys come from: a file, the service manager, a passphrase, a key service of your own.
///
/// Implement it for a key service (AWS KMS, Vault's transit engine, a PKCS#11 token): fetch or unwrap 32 bytes, and hand
/// them to `MasterKey(copying:)`, which copies them into guarded memory; then wipe your own copy. The
/// vault asks once when it opens, and once more whenever it meets a key id that it does not know; where the source then fails or
/// lacks the key, again for the same header after a second at the soonest. Reads that need the key wait for the answer, also
/// where their task is cancelled: give what you ask a timeout. `Examples/KeyService` of the repository is such a source, with a
/// service to try it on.
public protocol MasterKeySource: Sendable {
    /// All keys that were given to the source for this vault, in the order in which they were given.
    ///
    /// Neither choose nor order keys by `request`: nobody vouches for it yet. A source that gives whatever key the header names trusts
    /// everybody who holds any key within its reach.
    ///
    /// Every live key of the vault (``MasterKeyRequest/liveKeyIDs``) must be in the ring: each authenticates the header. The first
    /// key of the ring that this vault has not retired must be a live one.
    ///
    /// - Parameter request: which vault asks, and which keys it needs.
    func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing
}

/// Which vault asks a ``MasterKeySource``, and for what.
public struct MasterKeyRequest: Sendable {
    /// The vault, as its header names it, which is not authenticated yet.
    public let vaultID: VaultID
    /// The keys that records may be under, the active one first, likewise: good for a message that says what is missing.
    public let liveKeyIDs: [MasterKeyID]
    /// Keys wrapped under a passphrase.
    package let slots: [PassphraseSlot]

    package init(header: VaultHeader) {
        vaultID = header.vaultID
        liveKeyIDs = [header.activeKeyID] + header.liveKeyIDs.filter { $0 != header.activeKeyID }
        slots = header.slots
    }
}

extension MasterKeyRing: MasterKeySource {
    /// The ring itself: for keys that the program holds already.
    public func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing { self }
}
