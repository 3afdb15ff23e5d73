import KeyVault

/// Durable writes.
enum WriteCases {
    static func register(full: Bool) {
        put(.sqlite) { try $0.upsert() }
        guard full else { return }
        put(.file) { try $0.append() }
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
