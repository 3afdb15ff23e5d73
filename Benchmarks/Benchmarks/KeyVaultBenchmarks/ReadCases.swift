import KeyVault

/// Reads that go to the store, and what they are made of.
enum ReadCases {
    static func register(full: Bool) {
        miss(.sqlite) { try $0.select() }
        format()
        guard full else { return }
        miss(.file) { try $0.readFrame() }
        miss(.memory) { _ in }
        // The vault's way without a cache, from a store in memory.
        repeated("envelope/open", .memory) { fixture in
            _ = try await fixture.filled.vault.metadata(for: fixture.filled.nextID())
        } floor: {
            try $0.floor.open()
        }
        repeated("envelope/seal", .memory) {
            try await $0.filled.put()
        } floor: {
            try $0.floor.seal()
        }
        PairedCase(
            name: "read/file", turns: 40, setUp: { try await FileReads() },
            subject: { fixture in try await measureComputing(2000) { try await fixture.read(2000) } },
            floor: { fixture in try await measureComputing(2000) { for _ in 0..<2000 { try fixture.floor.readFrame() } }
            }
        ).register()
        PairedCase(
            name: "list/sqlite", setUp: { try await StoreFixture(.sqlite) }, subject: { try await $0.filled.list(20) },
            floor: { fixture in
                try await measure(20) {
                    for _ in 0..<20 {
                        try fixture.floor.list(100)
                        for _ in 0..<100 { try fixture.floor.open() }
                    }
                }
            }
        ).register()
        stampede()
    }

    private static func miss(
        _ kind: FilledVault.Kind, read: @escaping @Sendable (StoreFloor) throws -> Void
    ) {
        repeated("miss/\(kind.rawValue)", kind) {
            try await $0.filled.read()
        } floor: { fixture in
            try read(fixture.floor)
            try fixture.floor.open()
        }
    }

    private static func repeated(
        _ name: String, _ kind: FilledVault.Kind, _ subject: @escaping @Sendable (StoreFixture) async throws -> Void,
        floor: @escaping @Sendable (StoreFixture) throws -> Void
    ) {
        PairedCase(
            name: name, turns: 40, setUp: { try await StoreFixture(kind) },
            subject: { fixture in try await measureComputing(2000) { for _ in 0..<2000 { try await subject(fixture) } }
            },
            floor: { fixture in try await measureComputing(2000) { for _ in 0..<2000 { try floor(fixture) } } }
        ).register()
    }

    /// The format check of a key of ordinary length, over the microsecond that it may take.
    private static func format() {
        PairedCase(
            name: "format/check", setUp: {},
            subject: {
                let registry = ProviderRegistry.builtIn
                guard let provider = registry["openai"] else { throw FloorFailed() }
                let key = Array(
                    "sk-proj-\(String(repeating: "aB3", count: 24))T3BlbkFJ\(String(repeating: "xY9", count: 24))".utf8)
                var known = 0
                let time = await measureComputing(20_000) {
                    for _ in 0..<20_000 where registry.match(key.span, of: provider) == .matches { known += 1 }
                }
                precondition(known == 20_000)
                return time
            }, floor: { 1000 }
        ).register()
    }

    /// 10,000 tasks ask for one key that is not cached; the floor is the same when it is.
    private static func stampede() {
        PairedCase(
            name: "stampede/10k", setUp: { try await FilledVault(.sqlite, records: 1) },
            subject: { fixture in
                try await fixture.put()
                return try await readAtOnce(fixture)
            }, floor: { try await readAtOnce($0) }
        ).register()
    }

    private static func readAtOnce(_ fixture: FilledVault) async throws -> Double {
        try await measure(10_000) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<10_000 { group.addTask { try await fixture.read() } }
                try await group.waitForAll()
            }
        }
    }
}

/// The file store on its own, without a vault.
private final class FileReads: Sendable {
    let filled: FilledVault
    let store: FileStore
    let floor: StoreFloor

    init() async throws {
        filled = try await FilledVault(.file, records: 1000)
        await filled.vault.close()
        store = try await filled.openFileStore()
        floor = try StoreFloor(filled.ids)
    }

    /// No two neighbours in turn.
    func read(_ count: Int) async throws {
        let (store, ids) = (store, filled.ids)
        for number in 0..<count {
            guard try await store.read(ids[number &* 7919 % ids.count]) != nil else { throw FloorFailed() }
        }
    }
}
