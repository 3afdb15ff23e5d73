import Floor
import Glibc
import KeyVault
import Synchronization

/// What the vault's stores are compared with: the same rows in SQLite, the same frames in a file, the same calls of libsodium.
final class StoreFloor: Sendable {
    /// Used by one turn at a time.
    private nonisolated(unsafe) let database: OpaquePointer
    private nonisolated(unsafe) let envelope: OpaquePointer
    private nonisolated(unsafe) let file: OpaquePointer
    private let folder: WorkFolder
    /// Three C strings an id, and room for one row: as a C program has them, without counting references in the turns.
    private nonisolated(unsafe) let names: UnsafeMutableBufferPointer<UnsafeMutablePointer<CChar>>
    private nonisolated(unsafe) let sealed: UnsafeMutablePointer<UInt8>
    private let count: Int
    private let next = Atomic<Int>(0)
    private let writes = Atomic<Int>(0)
    /// A sealed record of 164 bytes: 140, the padded plaintext, the tag.
    private static let sealedLength = 140 + 256 + 16
    private static let contextLength = 32 + 64
    private static let capacity = 1024

    init(_ ids: [RecordID]) throws {
        folder = try WorkFolder()
        count = ids.count
        names = .allocate(capacity: 3 * ids.count)
        let copies: [UnsafeMutablePointer<CChar>] = ids.flatMap { id in
            [id.tenant, id.provider, id.label].compactMap { (name: String) in strdup(name) }
        }
        _ = names.initialize(from: copies)
        sealed = .allocate(capacity: Self.capacity)
        sealed.initialize(repeating: 0, count: Self.capacity)
        guard let database = floor_database_open(folder.path("floor.db")),
            let envelope = floor_envelope_create(Self.contextLength, 256),
            let file = floor_file_create(folder.path("floor.log"))
        else { throw FloorFailed() }
        self.database = database
        self.envelope = envelope
        self.file = file
        try inTransactions(of: count) { try upsert($0) }
        for _ in ids { try check(floor_file_append(file, 0)) }
    }

    deinit {
        floor_database_close(database)
        floor_envelope_destroy(envelope)
        floor_file_close(file)
        for name in names { free(name) }
        names.deallocate()
        sealed.deallocate()
    }

    private func check(_ status: Int32) throws { guard status == 0 else { throw FloorFailed() } }

    private func nextNumber() -> Int { next.add(1, ordering: .relaxed).newValue &* 7919 % count }

    // MARK: libsodium

    func open() throws { try check(floor_envelope_open(envelope)) }

    func seal() throws { try check(floor_envelope_seal(envelope)) }

    // MARK: SQLite

    func select() throws {
        let first = nextNumber() * 3
        let length = floor_database_read(
            database, names[first], names[first + 1], names[first + 2], sealed, Self.capacity)
        guard length == Self.sealedLength else { throw FloorFailed() }
    }

    func list(_ count: Int) throws {
        guard floor_database_list(database, Int32(count), sealed, Self.capacity) == count else { throw FloorFailed() }
    }

    func upsert() throws { try upsert(nextNumber()) }

    private func upsert(_ number: Int) throws { try write(number, floor_database_upsert) }

    private func update(_ number: Int) throws { try write(number, floor_database_update) }

    private func write(
        _ number: Int,
        _ call: (
            OpaquePointer, UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<UInt8>, Int
        ) -> Int32
    ) throws {
        // Never the same twice: SQLite would not write a row that has not changed.
        sealed.update(
            repeating: UInt8(truncatingIfNeeded: writes.add(1, ordering: .relaxed).newValue), count: Self.sealedLength)
        let first = number * 3
        try check(call(database, names[first], names[first + 1], names[first + 2], sealed, Self.sealedLength))
    }

    /// Nanoseconds a deletion; what was deleted is put back.
    func delete(_ count: Int) async throws -> Double {
        let numbers = (0..<count).map { _ in nextNumber() }
        let time = try await measure(count) {
            for number in numbers {
                let first = number * 3
                try check(floor_database_delete(database, names[first], names[first + 1], names[first + 2]))
            }
        }
        try check(floor_database_begin(database))
        for number in numbers { try upsert(number) }
        try check(floor_database_commit(database))
        return time
    }

    /// Writes every row anew, in transactions of `batch`.
    func updateAll(batch: Int) throws { try inTransactions(of: batch) { try update($0) } }

    private func inTransactions(of batch: Int, _ write: (Int) throws -> Void) throws {
        for start in stride(from: 0, to: count, by: batch) {
            try check(floor_database_begin(database))
            for number in start..<min(start + batch, count) { try write(number) }
            try check(floor_database_commit(database))
        }
    }

    // MARK: A file

    func append() throws { try check(floor_file_append(file, 1)) }

    func readFrame() throws { try check(floor_file_read(file, nextNumber())) }
}

/// A vault on a store, and its floor.
final class StoreFixture: Sendable {
    let filled: FilledVault
    let floor: StoreFloor

    init(_ kind: FilledVault.Kind, records: Int = 1000, cached: Int = 64) async throws {
        filled = try await FilledVault(kind, records: records, cached: cached)
        floor = try StoreFloor(filled.ids)
    }
}
