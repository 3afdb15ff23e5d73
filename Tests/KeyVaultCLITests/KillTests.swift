import Foundation
import Glibc
import KeyVault
import TestSupport
import Testing

/// SIGKILL at random moments while `keyvault import` writes: what it said is stored is stored, batches are whole, and the
/// vault opens each time.
@Suite struct KillTests {
    private static let ids = 300
    private static let lines = 2560
    private static let batch = 256

    @Test func noAcknowledgedWriteIsLost() async throws {
        let environment = ProcessInfo.processInfo.environment
        let rounds = Proof.count("KEYVAULT_KILLS", ci: 50, proof: 200)
        let seed = environment["KEYVAULT_SEED"].flatMap(UInt64.init) ?? .random(in: 0 ... .max)
        print("killing \(rounds) imports at random moments, KEYVAULT_SEED=\(seed)")
        var random = SplitMix64(seed: seed)
        let box = try Sandbox.withVault()
        var state = [String?](repeating: nil, count: Self.ids)
        var killed = 0
        for round in 0..<rounds {
            let run = try start(round, in: box, random: &random)
            if run.wasKilled { killed += 1 }
            // At most the one batch that was being written is there beyond what was acknowledged, and it is there as a whole.
            let found = try await contents(of: box)
            let acknowledged = apply(round, upTo: run.acknowledged, to: state)
            let next = apply(round, upTo: min(run.acknowledged + Self.batch, Self.lines), to: state)
            #expect(found == acknowledged || found == next, "round \(round), KEYVAULT_SEED=\(seed)")
            state = found
            if round % 50 == 49 { Proof.report("import killed \(round + 1) times, no acknowledged batch lost") }
        }
        let damaged = try await box.withVault { vault in try await vault.verify().damaged }
        #expect(damaged.isEmpty)
        // Otherwise nothing was tested.
        #expect(killed > rounds / 2, "KEYVAULT_SEED=\(seed)")
    }

    /// What is stored when the first `count` lines of a round have been.
    private func apply(_ round: Int, upTo count: Int, to state: [String?]) -> [String?] {
        var state = state
        for line in 0..<count { state[line % Self.ids] = secret(round, line) }
        return state
    }

    private func secret(_ round: Int, _ line: Int) -> String { "secret of round \(round), line \(line)" }

    private func id(_ index: Int) -> String { "t\(index)/mine" }

    /// Imports, and kills after a random number of acknowledgements and a little while.
    ///
    /// - Returns: how many lines were acknowledged.
    private func start(
        _ round: Int, in box: Sandbox, random: inout SplitMix64
    ) throws -> (acknowledged: Int, wasKilled: Bool) {
        let text = (0..<Self.lines).map {
            #"{"tenant":"t\#($0 % Self.ids)","provider":"mine","secret":"\#(secret(round, $0))"}"# + "\n"
        }
        try Data(text.joined().utf8).write(to: box.folder.appending(path: "keys"))
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = Sandbox.program
        process.arguments = ["import", "keys"]
        process.currentDirectoryURL = box.folder
        process.environment = box.environment()
        process.standardOutput = FileHandle.nullDevice
        process.standardError = pipe
        try process.run()
        try pipe.fileHandleForWriting.close()
        var heard = Data()
        let patience = Int.random(in: 0..<Self.lines / Self.batch, using: &random)
        while heard.count(where: { $0 == 0x0A }) < patience {
            let more = pipe.fileHandleForReading.availableData
            if more.isEmpty { break }
            heard += more
        }
        usleep(.random(in: 0..<(patience == 0 ? 60_000 : 6_000), using: &random))
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        heard += pipe.fileHandleForReading.readDataToEndOfFile()
        let acknowledged = try heard.split(separator: 0x0A).last.map { line in
            // "stored 256 keys (lines 1 to 256)"
            try #require(Int(String(decoding: line, as: UTF8.self).split(separator: " ")[1]))
        }
        return (acknowledged ?? 0, process.terminationReason == .uncaughtSignal)
    }

    private func contents(of box: Sandbox) async throws -> [String?] {
        try await box.withVault { vault in
            var found: [String?] = []
            for index in 0..<Self.ids { found.append(try await self.text(RecordID(id(index)), in: vault)) }
            return found
        }
    }

    private func text(_ id: RecordID, in vault: Vault) async throws -> String? {
        do {
            // The span is read within the closure.
            return try await vault.withSecret(id) { secret in
                unsafe secret.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
            }
        } catch let error as VaultError where error.code == .notFound {
            return nil
        }
    }
}
