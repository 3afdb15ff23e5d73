import Foundation
import KeyVault
import KeyVaultSQLite
import Synchronization

/// A vault with records in it, all of one length.
final class FilledVault: Sendable {
    enum Kind: String { case memory, sqlite, file }

    let vault: Vault
    let ids: [RecordID]
    let secretLength: Int
    private let folder: WorkFolder
    private let kind: Kind
    private let keys: MasterKeyRing
    private let cached: Int
    private let next = Atomic<Int>(0)

    /// - Parameter cached: how many records the cache holds. Few of many are never read again while they are there, so that
    ///   every read is a miss.
    init(_ kind: Kind, records: Int, cached: Int = 64, secretLength: Int = 164) async throws {
        self.kind = kind
        self.cached = cached
        self.secretLength = secretLength
        folder = try WorkFolder()
        keys = MasterKeyRing(try .random())
        ids = try (0..<records).map { try RecordID.numbered($0) }
        vault = try await Vault.create(
            in: Self.openStore(kind, folder), masterKey: keys, configuration: Self.configuration(cached: cached))
        for start in stride(from: 0, to: records, by: 500) {
            try await vault.put(ids[start..<min(start + 500, records)].map { PutRequest($0, try secret()) })
        }
    }

    private static func configuration(cached: Int) -> VaultConfiguration {
        VaultConfiguration(
            cache: CacheConfiguration(
                timeToLive: .seconds(36_000), negativeTimeToLive: .seconds(36_000), maximumEntries: cached,
                maximumBytes: 8 << 30, maximumAge: .seconds(36_000)),
            foreignChangeInterval: .seconds(3600))
    }

    private static func openStore(_ kind: Kind, _ folder: WorkFolder) async throws -> any RecordStore {
        switch kind {
        case .memory: MemoryStore()
        case .sqlite: try await SQLiteStore.open(folder.path("vault.db"), create: true)
        case .file: try await FileStore.open(folder.path("vault.log"), create: true)
        }
    }

    /// Another vault object on the same store. A file has to be closed before.
    func reopen() async throws -> Vault {
        try await Vault.open(
            Self.openStore(kind, folder), keys: keys, configuration: Self.configuration(cached: cached))
    }

    /// Of a vault in a file, which has to be closed before.
    func openFileStore() async throws -> FileStore { try await FileStore.open(folder.path("vault.log")) }

    private func secret() throws -> Secret {
        let bytes = [UInt8](repeating: 0x6B, count: secretLength)
        return try Secret(copying: bytes.span.bytes)
    }

    /// Each id once before any comes back, and no two neighbours in turn.
    func nextID() -> RecordID { ids[next.add(1, ordering: .relaxed).newValue &* 7919 % ids.count] }

    func read() async throws {
        let length = secretLength
        try await vault.withSecret(nextID()) { precondition($0.byteCount == length) }
    }

    func put() async throws { try await vault.put(secret(), for: nextID()) }

    /// Nanoseconds a put.
    func put(_ count: Int) async throws -> Double {
        try await measure(count) { for _ in 0..<count { try await put() } }
    }

    /// Nanoseconds a put, of so many writers at once.
    func put(_ count: Int, writers: Int) async throws -> Double {
        try await measure(writers * count) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<writers {
                    group.addTask {
                        for _ in 0..<count { try await self.put() }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Nanoseconds a deletion; what was deleted is put back.
    func delete(_ count: Int) async throws -> Double {
        let ids = (0..<count).map { _ in nextID() }
        let time = try await measure(count) { for id in ids { _ = try await vault.delete(id) } }
        try await vault.put(ids.map { PutRequest($0, try secret()) })
        return time
    }

    /// Nanoseconds a page of 100.
    func list(_ count: Int) async throws -> Double {
        try await measure(count) {
            for _ in 0..<count {
                guard try await vault.list(limit: 100).entries.count == 100 else { throw FloorFailed() }
            }
        }
    }
}

/// A folder of its own, on the disk that the checkout is on: a temporary directory may be memory.
final class WorkFolder: Sendable {
    private let url: URL

    init() throws {
        url = URL(filePath: FileManager.default.currentDirectoryPath)
            .appending(path: ".build/benchmark-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appending(path: name).path() }
}

extension RecordID {
    /// An id whose encoding is 64 bytes long.
    static func numbered(_ number: Int) throws -> RecordID {
        let digits = String(number)
        return try RecordID(
            tenant: "tenant-" + String(repeating: "0", count: 41 - digits.count) + digits, provider: "bench",
            label: "default1")
    }
}
