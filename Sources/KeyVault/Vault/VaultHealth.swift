import KeyVaultCrypto
public import KeyVaultFormat
import KeyVaultStorage

public import struct Foundation.Date

/// How a vault is doing.
public struct VaultHealth: Sendable {
    /// Whether the store can be read, and its header believed by the master keys that are held; if not, why.
    public enum Store: Sendable, Equatable {
        case connected
        case unavailable(String)
    }

    /// A master key that records may be under.
    public struct Key: Sendable, Equatable {
        public let id: MasterKeyID
        /// Whether new records are sealed under it.
        public let isActive: Bool
        /// When the vault got to know it.
        public let added: Date
    }

    public let vaultID: VaultID
    /// The kind of the store, such as `sqlite`.
    public let storeKind: String
    public let store: Store
    public let masterKeys: [Key]
    /// Bytes for keys and plaintext of the process, of all its vaults, that the system keeps out of swap.
    public let lockedBytes: Int
    /// Such bytes that it does not, because a limit (`ulimit -l`) was reached.
    public let unlockedBytes: Int
    public let cache: CacheStatistics
}

extension Vault {
    /// Asks the store, and says how the vault is doing. Never throws: an unreachable store is reported, not thrown.
    public func health() async -> VaultHealth {
        var reach = VaultHealth.Store.connected
        do {
            try checkOpen()
            try await checkKeys(store.requiredHead())
        } catch {
            reach = .unavailable("\(error)")
        }
        let (header, memory) = (keys.header, GuardedArena.statistics)
        return VaultHealth(
            vaultID: id, storeKind: store.kind, store: reach,
            masterKeys: header.keys.filter { $0.state == .live }.map {
                .init(id: $0.id, isActive: $0.id == header.activeKeyID, added: $0.added)
            },
            lockedBytes: memory.locked, unlockedBytes: memory.unlocked, cache: cache.statistics)
    }

    /// A store that can be read is of no use where another process has rotated to a key that this one cannot get. Its source may be a
    /// service, and is not waited for without end.
    private func checkKeys(_ head: StoreHead) async throws(VaultError) {
        guard head.generation == keys.header.generation else { return try await liveKeys.refresh(within: .seconds(1)) }
        _ = try keys.ring.verify(head, opening: false)
    }
}
