import KeyVaultFormat
import KeyVaultStorage
import TestSupport

/// Everything that a store holds.
struct Contents: Equatable {
    var head: StoreHead?
    var rows: [StoredRecord]

    init(head: StoreHead?, rows: [StoredRecord]) {
        self.head = head
        self.rows = rows
    }

    init(_ store: some RecordStore) async throws {
        head = try await store.readHead()
        rows = try await store.scan(.everything, after: nil, limit: .max)
    }

    init(_ log: FileLog) throws {
        head = try log.head()
        rows = try log.scan(.everything, after: nil, limit: .max)
    }
}

/// Changes at random that nearly always hold, and what a model makes of them.
struct LogWorkload {
    enum Step {
        /// Batches that are written together.
        case write([WriteBatch])
        case compact
    }

    private(set) var steps: [Step] = []
    /// What the store holds after the creation, and after each batch.
    private(set) var contents: [Contents] = []

    /// In order; each leads from one of ``contents`` to the next.
    private(set) var batches: [WriteBatch] = []

    private let model = MemoryStore()
    private var random: SplitMix64
    private let ids: [RecordID]

    static let header: [UInt8] = [7, 7, 7]

    init(seed: UInt64, steps count: Int, compactsEvery period: Int = 7, tenants: Int = 3) async throws {
        random = SplitMix64(seed: seed)
        ids = try (["a", "b", "_"] + (3..<max(3, tenants)).map { "t\($0)" }).map {
            try RecordID(tenant: $0, provider: "p", label: "l")
        }
        try await model.create(header: Self.header)
        contents.append(try await Contents(model))
        for number in 1...count {
            if number.isMultiple(of: period) {
                steps.append(.compact)
            } else {
                var group: [WriteBatch] = []
                for _ in 0..<(random.below(4) == 0 ? 2 : 1) { group.append(try await batch()) }
                steps.append(.write(group))
            }
        }
    }

    /// A batch that the model has taken.
    private mutating func batch() async throws -> WriteBatch {
        var batch = WriteBatch(generation: contents.last?.head?.generation ?? 0)
        let first = Int(random.below(UInt64(ids.count)))
        for number in 0...(random.below(3) == 0 ? 1 : 0) {
            batch.changes.append(try await change(of: ids[(first + number) % ids.count]))
        }
        if random.below(8) == 0 { batch.header = bytes(3) }
        // Now and then the second change of a batch does not expect what the first one did.
        guard (try? await model.write(batch)) != nil else { return try await self.batch() }
        contents.append(try await Contents(model))
        batches.append(batch)
        return batch
    }

    private mutating func change(of id: RecordID) async throws -> RecordChange {
        let head = try await model.readHead()
        guard let current = try await model.read(id) else {
            return .insert(RecordKey(id: id, revision: (head?.revisionFloor ?? 0) + 1), sealed: bytes(5))
        }
        switch random.below(8) {
        case 0: return .delete(id, revision: current.revision)
        case 1: return .deleteTenant(id.tenant)
        case 2: return .deleteRetained(RecordKey(id: id, revision: current.revision - 1))
        case 3 where current.sealed.count == 88:
            return .rewrap(current.key, sealed: bytes(88), commitment: Array(current.sealed.suffix(32)))
        case 3:
            return .replace(
                RecordKey(id: id, revision: current.revision + 1), sealed: bytes(88), replacing: current.revision,
                commitment: nil, retained: nil)
        default:
            return .replace(
                RecordKey(id: id, revision: current.revision + 1), sealed: bytes(5), replacing: current.revision,
                commitment: nil, retained: random.below(2) == 0 ? bytes(4) : nil)
        }
    }

    private mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(random.below(256)) } }
}
