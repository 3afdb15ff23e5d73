import Foundation
import KeyVaultFormat
import KeyVaultStorage
import Synchronization
import TestSupport
import Testing

/// A process that writes is killed at a random moment; what it had acknowledged is there.
@Suite struct KillTests {
    private static let folderVariable = "KEYVAULT_KILL_TEST_STORE"
    /// How many writes the process that will be killed has acknowledged.
    private static let count = Atomic(0)

    @Test func aKilledProcessLosesNothingThatItAcknowledged() async throws {
        let folder = try TemporaryFolder()
        // The process that the exit test starts inherits it.
        // Both strings outlive the call.
        unsafe setenv(Self.folderVariable, folder.file("store"), 1)
        var acknowledged: [String: UInt64] = [:]
        let rounds = Proof.count("KEYVAULT_KILLS", ci: 50, proof: 500)
        for round in 0..<rounds {
            let result = await #expect(
                processExitsWith: .signal(SIGKILL), observing: [\.standardOutputContent],
                performing: { try await KillTests.writeUntilKilled() })
            let output = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
            // The last line may be cut short.
            for line in output.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                let words = line.split(separator: " ")
                guard words.count == 3, words[0] == "ack", let revision = UInt64(words[2]) else { continue }
                acknowledged[String(words[1])] = max(acknowledged[String(words[1])] ?? 0, revision)
            }
            let store = try await FileStore.open(folder.file("store"), create: true)
            for (label, revision) in acknowledged {
                let row = try await store.read(try RecordID(tenant: "t", provider: "p", label: label))
                #expect((row?.revision ?? 0) >= revision, "round \(round), \(label)")
                #expect(row?.sealed == KillTests.sealed(row?.revision ?? 0))
            }
            // Now and then the next one finds no clean end.
            if round.isMultiple(of: 2) { await store.close() }
            if round % 50 == 49 { Proof.report("file store killed \(round + 1) times, no acknowledged write lost") }
        }
        #expect(acknowledged.count == 4)
    }

    private static func sealed(_ revision: UInt64) -> [UInt8] {
        [UInt8](repeating: UInt8(truncatingIfNeeded: revision), count: 300)
    }

    /// Four tasks replace a record each, over and over; a thread ends the process, soon after a number of acknowledgements that nobody
    /// knows beforehand.
    private static func writeUntilKilled() async throws {
        let path = try #require(ProcessInfo.processInfo.environment[folderVariable])
        let store = try await openWhenFree(path)
        if try await store.readHead() == nil { try await store.create(header: [1]) }
        Thread.detachNewThread {
            let last = Int.random(in: 0...40)
            while count.load(ordering: .relaxed) < last { sched_yield() }
            usleep(UInt32.random(in: 0...1_000))
            kill(getpid(), SIGKILL)
        }
        await withThrowingTaskGroup(of: Void.self) { group in
            for label in ["a", "b", "c", "d"] {
                group.addTask {
                    let id = try RecordID(tenant: "t", provider: "p", label: label)
                    var revision = try await store.read(id)?.revision ?? 0
                    while true {
                        let key = RecordKey(id: id, revision: revision + 1)
                        let change =
                            revision == 0
                            ? RecordChange.insert(key, sealed: sealed(1))
                            : .replace(
                                key, sealed: sealed(revision + 1), replacing: revision, commitment: nil, retained: nil)
                        try await store.write(WriteBatch(generation: 1, changes: [change]))
                        revision += 1
                        FileHandle.standardOutput.write(Data("ack \(label) \(revision)\n".utf8))
                        count.add(1, ordering: .relaxed)
                    }
                }
            }
        }
    }

    /// A store that was let go without a close is free when its thread has ended.
    private static func openWhenFree(_ path: String) async throws -> FileStore {
        do throws(StoreError) { return try await FileStore.open(path, create: true) } catch {
            guard error.code == .busy else { throw error }
            await Task.yield()
            return try await openWhenFree(path)
        }
    }
}
