import Allocations
import Dispatch
import Floor
import KeyVault

/// Serves hits and does nothing else: `HitLoop vault|floor HITS`, then prints how many allocations the hits made. Run it under
/// callgrind with two numbers of hits; the difference is what they cost.
@main
struct HitLoop {
    /// Few, and so of few of the cache's shards: the first read of a shard after a tick of the clock takes a lock, and under callgrind
    /// the clock ticks every hundred hits.
    private static let records = 2
    private static let secret = [UInt8](repeating: 0x6B, count: 164)

    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count == 3, let hits = Int(arguments[2]) else { fatalError("usage: HitLoop vault|floor HITS") }
        if arguments[1] == "floor" { return open(hits: hits) }
        // Not an async main: that waits in a way which Valgrind 3.19 dies of.
        let end = DispatchSemaphore(value: 0)
        Task.detached {
            do { try await serve(hits: hits) } catch { fatalError("\(error)") }
            end.signal()
        }
        end.wait()
    }

    private static func serve(hits: Int) async throws {
        let vault = try await Vault.create(
            in: MemoryStore(), masterKey: MasterKeyRing(.random()),
            configuration: VaultConfiguration(foreignChangeInterval: .seconds(3600)))
        let ids = try (0..<records).map { number in
            let digits = String(number)
            return try RecordID(
                tenant: "tenant-" + String(repeating: "0", count: 41 - digits.count) + digits, provider: "bench",
                label: "default1")
        }
        for id in ids { try await vault.put(Secret(copying: secret.span.bytes), for: id) }
        // The first time round everything is a miss.
        try await read(vault, ids, count: 2 * records)
        let before = allocations_of_thread()
        try await read(vault, ids, count: hits)
        let allocations = allocations_of_thread() - before
        print(allocations)
    }

    private static func read(_ vault: Vault, _ ids: [RecordID], count: Int) async throws {
        var opened = 0
        for number in 0..<count { opened += try await vault.withSecret(ids[number % records]) { $0.byteCount } }
        precondition(opened == count * secret.count)
    }

    private static func open(hits: Int) {
        guard let table = floor_table_create(records, secret.count) else { fatalError("no table") }
        let names = (0..<records).map { number in
            (
                UInt64(number + 1) &* 0x9E37_79B9_7F4A_7C15,
                [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 64)
            )
        }
        for (hash, name) in names { precondition(floor_table_put(table, hash, name, name.count, secret) == 0) }
        var output = secret
        var opened = 0
        let before = allocations_of_thread()
        for number in 0..<hits {
            let (hash, name) = names[number % records]
            if floor_table_get(table, hash, name, name.count, &output) == 0 { opened += 1 }
        }
        let allocations = allocations_of_thread() - before
        print(allocations)
        precondition(opened == hits)
        floor_table_destroy(table)
    }
}
