import Foundation
import KeyVaultFormat
import KeyVaultSQLite
import KeyVaultStorage
import KeyVaultTesting

/// One of the stores, with what is beneath it: opened again and again, and cut off from its power (the file store) or
/// killed (SQLite).
struct StoreUnderTest {
    private enum Ground {
        case memory(MemoryRelay)
        case file(SimulatedDisk)
        /// The folder of the database.
        case sqlite(String)
    }

    let name: String
    private var ground: Ground
    private var fileStore: FileStore?
    private var crashes = 0

    static func memory() -> StoreUnderTest { StoreUnderTest(name: "memory", ground: .memory(MemoryRelay())) }
    static func file() -> StoreUnderTest { StoreUnderTest(name: "file", ground: .file(SimulatedDisk())) }
    static func sqlite(_ folder: String) -> StoreUnderTest { StoreUnderTest(name: "sqlite", ground: .sqlite(folder)) }

    private init(name: String, ground: Ground) {
        self.name = name
        self.ground = ground
    }

    mutating func open() async throws -> any RecordStore {
        switch ground {
        case .memory(let relay): return relay
        case .file(let disk):
            let store = try await FileStore.open("/d/v", creating: true, layer: disk, settings: .init())
            fileStore = store
            return store
        case .sqlite(let folder): return try await SQLiteStore.open(folder + "/vault.db", create: true)
        }
    }

    func compact() async throws { try await fileStore?.compact() }

    /// Whoever has the store open is forgotten. Of a file store, what a power cut at this moment could leave is left;
    /// of a database, all that was written, synced or not, as after a kill: SQLite's syncs are not seen from here.
    mutating func crash(keeping kept: UInt64) async throws {
        switch ground {
        case .memory: break
        case .file(let disk):
            fileStore = nil
            ground = .file(SimulatedDisk(disk.disk.image { kept >> ($0 % 64) & 1 == 1 }))
        case .sqlite(let folder):
            crashes += 1
            let copy = folder + "/after-\(crashes)"
            try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: false)
            // Not the index of the log, which nobody has open any more, and which the next one builds anew.
            for name in ["vault.db", "vault.db-wal"] {
                let source = folder + "/" + name
                guard FileManager.default.fileExists(atPath: source) else { continue }
                try FileManager.default.copyItem(atPath: source, toPath: copy + "/" + name)
            }
            ground = .sqlite(copy)
        }
    }

    func close() async {
        if case .memory(let relay) = ground { await relay.store.close() }
    }
}

/// A store in memory that outlives the vaults on it.
private struct MemoryRelay: WrappingStore {
    let store = MemoryStore()
    var base: any RecordStore { store }

    func foreignChanges() async throws(StoreError) -> UInt64 { 0 }

    func close() async {}
}
