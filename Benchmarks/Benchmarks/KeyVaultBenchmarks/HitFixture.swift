import Floor
import Foundation
import KeyVault
import Synchronization

/// A vault whose records are all cached, and the same secrets in a table of C.
final class HitFixture: Sendable {
    let filled: FilledVault
    /// The memory that the cache took, in bytes.
    let cacheBytes: Int
    /// What the table finds an entry by: the names lie in arrays of their own, as those of the ids do.
    private let names: [(hash: UInt64, bytes: [UInt8])]
    private let random: Mutex<SplitMix>
    /// Initialised once; afterwards only read from.
    private nonisolated(unsafe) let table: OpaquePointer

    private static let hits = 20_000

    /// - Parameter secretLength: zero for records that do not exist.
    init(records: Int, secretLength: Int = 164) async throws {
        filled = try await FilledVault(
            .memory, records: records, cached: records * 2, secretLength: max(1, secretLength))
        if secretLength == 0 { for id in filled.ids { _ = try await filled.vault.delete(id) } }
        let before = residentBytes()
        for id in filled.ids { _ = try? await filled.vault.withSecret(id) { $0.byteCount } }
        cacheBytes = residentBytes() - before

        var random = SplitMix(state: 42)
        names = filled.ids.map { id in
            (random.next(), [id.tenant, id.provider, id.label].flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) })
        }
        self.random = Mutex(random)
        guard let table = floor_table_create(records, secretLength) else { throw FloorFailed() }
        self.table = table
        let secret = [UInt8](repeating: 0x6B, count: secretLength + 1)
        for (hash, name) in names where floor_table_put(table, hash, name, name.count, secret) != 0 {
            throw FloorFailed()
        }
    }

    deinit { floor_table_destroy(table) }

    /// Nanoseconds of the processor for each of the records that `body` is to read. They are drawn anew each time: those of the time
    /// before may still lie in the processor's caches.
    func measureReads(_ body: ([Int]) async throws -> Void) async throws -> Double {
        let order = draw()
        return try await measureComputing(order.count) { try await body(order) }
    }

    private func draw() -> [Int] {
        random.withLock { random in (0..<Self.hits).map { _ in Int(random.next() % UInt64(filled.ids.count)) } }
    }

    func hit(_ order: [Int]) async throws { try await hit(filled.ids, order) }

    private func hit(_ all: [RecordID], _ order: [Int]) async throws {
        var opened = 0
        // As a server does: it holds the vault, and an id for as long as the call.
        let vault = filled.vault
        let ids = all.span
        for number in order { opened += try await vault.withSecret(ids[number]) { $0.byteCount } }
        precondition(opened == order.count * filled.secretLength)
    }

    func hitWithAsyncClosure(_ order: [Int]) async throws {
        var opened = 0
        let (vault, all) = (filled.vault, filled.ids)
        let ids = all.span
        for number in order {
            opened += try await vault.withSecret(ids[number]) { secret async in secret.byteCount }
        }
        precondition(opened == order.count * filled.secretLength)
    }

    func missing(_ order: [Int]) async throws {
        var absent = 0
        for number in order {
            do { try await filled.vault.withSecret(filled.ids[number]) { _ in } } catch { absent += 1 }
        }
        precondition(absent == order.count)
    }

    func openInC(_ order: [Int]) throws {
        var output = [UInt8](repeating: 0, count: filled.secretLength)
        let all = self.names
        let names = all.span
        for number in order {
            let hash = names[number].hash
            let status = floor_table_get(table, hash, names[number].bytes, names[number].bytes.count, &output)
            guard status == 0 else { throw FloorFailed() }
        }
    }

    /// As many threads at once, each ten times through the order; nanoseconds a hit of all of them together.
    ///
    /// Each has ids of its own, as requests do: of one that they shared, they would wait for each other's references.
    func hit(threads: Int, _ clock: Clock) async throws -> Double {
        let idsOfThreads = try (0..<threads).map { _ in
            try filled.ids.map { try RecordID(tenant: $0.tenant, provider: $0.provider, label: $0.label) }
        }
        let order = draw()
        return try await clock(threads * order.count * 10) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (thread, ids) in zip(ThreadOfItsOwn.all, idsOfThreads) {
                    group.addTask(executorPreference: thread) { for _ in 0..<10 { try await self.hit(ids, order) } }
                }
                try await group.waitForAll()
            }
        }
    }
}

struct FloorFailed: Error {}

/// The process's memory that is really there.
func residentBytes() -> Int {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .ascii),
        let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return 0 }
    return pages * 4096
}

/// A generator that gives the same numbers in every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
