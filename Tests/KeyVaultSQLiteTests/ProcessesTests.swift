import Foundation
import KeyVaultFormat
import KeyVaultSQLite
import KeyVaultStorage
import TestSupport
import Testing

/// Several processes on one file.
@Suite struct ProcessesTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.file("vault.db")
    }

    @Test func swapsFromSeveralProcessesLoseNoUpdate() async throws {
        let store = try await SQLiteStore.created(path)
        try await store.insert(try id("counter"))
        let probes = try (0..<3).map { _ in try OtherProcess("KeyVaultSQLiteProbe", ["count", path, "100"]) }
        for probe in probes { #expect(probe.finish().lines == []) }
        #expect(try await store.read(try id("counter"))?.revision == 301)
        await store.close()
    }

    @Test func aWriteOfAnotherProcessIsNoticedAndRead() async throws {
        let store = try await SQLiteStore.created(path)
        let before = try await store.foreignChanges()
        let probe = try OtherProcess("KeyVaultSQLiteProbe", ["insert", path, "acme"])
        #expect(probe.line() == "1")
        #expect(try await store.foreignChanges() != before)
        #expect(try await store.read(try id("acme", "p1")) != nil)
        probe.kill()
        await store.close()
    }

    /// Kills a process while it writes, again and again, while this one keeps the file open every other time.
    @Test func aProcessThatIsKilledLosesNoAcknowledgedWriteAndTearsNone() async throws {
        await (try SQLiteStore.created(path)).close()
        let rounds = Proof.count("KEYVAULT_KILLS", ci: 50, proof: 200)
        var heard = 0
        for round in 0..<rounds {
            let open = round.isMultiple(of: 2) ? try await SQLiteStore.open(path) : nil
            let probe = try OtherProcess("KeyVaultSQLiteProbe", ["insert", path, "t\(round)"])
            var acknowledged = 0
            for _ in 0..<Int.random(in: 0...40) { acknowledged = Int(probe.line()) ?? acknowledged }
            probe.kill()
            // And what it printed before it died: a line that it did not end is a smaller number.
            acknowledged = max(acknowledged, probe.finish().lines.compactMap { Int($0) }.max() ?? 0)
            heard += acknowledged
            await open?.close()

            let store = try await SQLiteStore.open(path)
            let providers = try await store.scan(.everythingOf(tenant: "t\(round)"), after: nil, limit: 99_999)
            let counts = Dictionary(grouping: providers, by: \.id.provider).mapValues(\.count)
            #expect(counts.values.allSatisfy { $0 == 2 }, "a batch was torn in round \(round)")
            #expect(
                (0..<acknowledged).allSatisfy { counts["p\($0 + 1)"] == 2 }, "a write was lost in round \(round)")
            await store.close()
            if round % 50 == 49 {
                Proof.report(
                    "SQLite store killed \(round + 1) times, none of \(heard) acknowledged writes lost, no batch torn")
            }
        }
        #expect(heard > rounds)
    }
}
