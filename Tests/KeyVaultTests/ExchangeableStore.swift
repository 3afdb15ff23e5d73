import KeyVault
import KeyVaultTesting
import Synchronization

/// A store whose whole content somebody else can exchange while a vault has it open.
final class ExchangeableStore: WrappingStore {
    private let current: Mutex<any RecordStore>
    private let noted = Mutex<UInt64>(0)

    init(_ store: some RecordStore) { current = Mutex(store) }

    /// Looks like another process's write from now on.
    func noteForeignChange() { noted.withLock { $0 += 1 } }

    func exchange(for store: some RecordStore) { current.withLock { $0 = store } }

    var base: any RecordStore { current.withLock { $0 } }

    func foreignChanges() async throws(StoreError) -> UInt64 {
        try await base.foreignChanges() + noted.withLock { $0 }
    }
}

extension RecordStore {
    /// A copy of every row under another header: what somebody makes who can write to the disk.
    func copy(header: [UInt8], generation: UInt64) async throws -> MemoryStore {
        let copy = MemoryStore()
        try await copy.create(header: header, generation: generation)
        for row in try await scan(.everything, after: nil, limit: .max) {
            try await copy.write(WriteBatch(generation: generation, changes: [.insert(row.key, sealed: row.sealed)]))
        }
        return copy
    }
}
