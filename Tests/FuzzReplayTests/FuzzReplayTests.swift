import Foundation
import FuzzTargets
import Testing

/// What the fuzzers have found once, and the inputs that they begin with.
@Suite struct FuzzReplayTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Fuzz")

    @Test(arguments: FuzzTargets.all.map(\.name))
    func replays(_ name: String) async throws {
        let target = try #require(FuzzTargets.all.first { $0.name == name })
        for input in try target.seeds { try await target.run(input) }
        for kind in ["Corpus", "FailCases"] {
            let folder = Self.folder.appending(path: "\(kind)/\(name)")
            let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            for file in files.sorted() {
                let input = [UInt8](try Data(contentsOf: folder.appending(path: file)))
                await #expect(throws: Never.self, "\(kind)/\(name)/\(file)") { try await target.run(input) }
            }
        }
    }

    /// Where the folder is another one, nothing is replayed; and `scripts/fuzz all` fuzzes what has a folder there.
    @Test(arguments: FuzzTargets.all.map(\.name))
    func hasACorpus(_ name: String) throws {
        let folder = Self.folder.appending(path: "Corpus/\(name)")
        #expect(try !FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    /// Whatever a mutation does, its repair gives an input again, and of a sound one the same.
    @Test(arguments: FuzzTargets.all.map(\.name))
    func repairs(_ name: String) throws {
        let target = try #require(FuzzTargets.all.first { $0.name == name })
        for seed in try target.seeds {
            var repaired = seed
            target.repair(&repaired)
            #expect(repaired == seed)
            for length in 0..<seed.count {
                var cut = Array(seed.prefix(length))
                target.repair(&cut)
            }
        }
    }

    /// `KEYVAULT_FUZZ_SEEDS=FOLDER` writes the seeds there: where a corpus begins anew after a change of format.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["KEYVAULT_FUZZ_SEEDS"] != nil))
    func writesSeeds() throws {
        let folder = URL(filePath: try #require(ProcessInfo.processInfo.environment["KEYVAULT_FUZZ_SEEDS"]))
        for target in FuzzTargets.all {
            let own = folder.appending(path: target.name)
            try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
            for (index, seed) in try target.seeds.enumerated() {
                try Data(seed).write(to: own.appending(path: "seed-\(index)"))
            }
        }
    }
}
