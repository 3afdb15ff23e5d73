import Foundation
import Glibc
import TestSupport
import Testing

/// No key lies in memory outside of the guarded arena: not a secret, a data key or a master key, and no 16 bytes of one.
@Suite struct MemoryScanTests {
    private static let reads = Proof.count("KEYVAULT_READS", ci: 10_000, proof: 100_000)

    private func scan(_ arguments: String..., by launcher: [String] = []) throws -> [Substring] {
        let folder = try TemporaryFolder()
        let database = folder.file("vault.db")
        return try OtherProcess("KeyVaultProbe", ["scan", database] + arguments, by: launcher).finish().lines
    }

    @Test func noKeyLiesOutsideOfGuardedMemory() throws {
        let line = try #require(try scan("\(Self.reads)").first)
        #expect(line.hasPrefix("open 0 closed 0 leaked 0"))
        Proof.report("\(Self.reads) reads, no 16 bytes of a key outside of guarded memory")
    }

    /// Root may lock memory whatever the limit is, unless it gives that up.
    @Test func noKeyLiesOutsideWhereLockingIsRefused() throws {
        let limit = ["prlimit", "--memlock=65536"]
        let launcher = geteuid() == 0 ? ["setpriv", "--bounding-set=-ipc_lock", "--inh-caps=-ipc_lock"] + limit : limit
        #expect(try scan("1000", by: launcher) == ["open 0 closed 0 leaked 0 locked false"])
    }

    @Test func theScanFindsAKeyThatWasCopied() throws {
        let lines = try scan("100", "leak")
        #expect(lines.first?.contains("leaked 40 ") == true)
        #expect(lines.count > 1)
    }
}
