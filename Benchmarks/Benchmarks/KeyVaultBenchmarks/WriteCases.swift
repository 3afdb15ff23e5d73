import KeyVault

/// Durable writes.
enum WriteCases {
    static func register(full: Bool) {
        put(.sqlite) { try $0.upsert() }
        guard full else { return }
        put(.file) { try $0.append() }
        PairedCase(
            name: "write/file/1", turns: 40, setUp: { try await FileWrites() }, subject: { try await $0.write(50) },
            floor: { fixture in try await measure(50) { for _ in 0..<50 { try fixture.floor.append() } } }
        ).register()
        PairedCase(
            name: "write/file/64", comparison: .rate, setUp: { try await FileWrites() },
            subject: { try await $0.write(20, writers: 64) }, floor: { try await $0.write(50) }
        ).register()
        PairedCase(
            name: "delete/sqlite", setUp: { try await StoreFixture(.sqlite) },
            subject: { try await $0.filled.delete(50) }, floor: { try await $0.floor.delete(50) }
        ).register()
        // Of all records, in the vault's batches of 256; the ratio is that of the rates.
        PairedCase(
            name: "rewrap/sqlite", turns: 5, comparison: .rate,
            setUp: { try await StoreFixture(.sqlite, records: 20_000) },
            subject: { fixture in
                try await measure(20_000) {
                    _ = try await fixture.filled.vault.rotateMasterKey(to: MasterKeyRing(.random()))
                }
            }, floor: { fixture in try await measure(20_000) { try fixture.floor.updateAll(batch: 256) } }
        ).register()
    }

    private static func put(_ kind: FilledVault.Kind, _ write: @escaping @Sendable (StoreFloor) throws -> Void) {
        PairedCase(
            name: "put/\(kind.rawValue)/1", turns: 40, setUp: { try await StoreFixture(kind) },
            subject: { try await $0.filled.put(50) },
            floor: { fixture in try await measure(50) { for _ in 0..<50 { try write(fixture.floor) } } }
        ).register()
        PairedCase(
            name: "put/\(kind.rawValue)/64", comparison: .rate, setUp: { try await StoreFixture(kind) },
            subject: { try await $0.filled.put(20, writers: 64) }, floor: { try await $0.filled.put(50) }
        ).register()
    }
}

/// Writes into the file store on its own, without a vault: rows that are replaced, as a vault replaces them.
private final class FileWrites: Sendable {
    private static let writers = 64
    private let filled: FilledVault
    private let store: FileStore
    /// What each writer writes: its own records, so that none is in another's way.
    private let writers: [Writer]
    let floor: StoreFloor

    init() async throws {
        filled = try await FilledVault(.file, records: 1024)
        await filled.vault.close()
        let store = try await filled.openFileStore()
        self.store = store
        let generation = try await store.readHead()?.generation ?? 0
        let rows = try await store.scan(.everything, after: nil, limit: 1024)
        writers = (0..<Self.writers).map { number in
            Writer(rows.enumerated().filter { $0.offset % Self.writers == number }.map(\.element), generation)
        }
        floor = try StoreFloor(filled.ids)
    }

    /// Nanoseconds a write.
    func write(_ count: Int) async throws -> Double {
        try await measure(count) { for _ in 0..<count { try await writers[0].write(to: store) } }
    }

    /// Nanoseconds a write, of so many writers at once.
    func write(_ count: Int, writers number: Int) async throws -> Double {
        try await measure(number * count) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<number {
                    group.addTask { [writers, store] in
                        for _ in 0..<count { try await writers[index].write(to: store) }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    /// Used by one task at a time.
    private final class Writer: @unchecked Sendable {
        private var rows: [(key: RecordKey, sealed: [UInt8], commitment: [UInt8])]
        private let generation: UInt64
        private var next = 0

        init(_ rows: [StoredRecord], _ generation: UInt64) {
            self.rows = rows.map { ($0.key, $0.sealed, Array($0.sealed[SealedRecord.commitmentRange])) }
            self.generation = generation
        }

        func write(to store: FileStore) async throws {
            next = (next + 1) % rows.count
            let revision = rows[next].key.revision
            rows[next].key.revision += 1
            let row = rows[next]
            try await store.write(
                WriteBatch(
                    generation: generation,
                    changes: [
                        .replace(
                            row.key, sealed: row.sealed, replacing: revision, commitment: row.commitment, retained: nil)
                    ]))
        }
    }
}
