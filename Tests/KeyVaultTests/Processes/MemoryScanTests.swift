import Foundation
import Testing

/// No key lies in memory outside of the guarded arena: not a secret, a data key or a master key, and no 16 bytes of one.
@Suite struct MemoryScanTests {
    private static let reads = ProcessInfo.processInfo.environment["KEYVAULT_PROOF"] == nil ? 10_000 : 100_000

    private func scan(_ arguments: String...) throws -> [Substring] {
        let database = FileManager.default.temporaryDirectory.appending(path: "keyvault-\(UUID().uuidString).db").path
        defer {
            for suffix in ["", "-wal", "-shm", "-lock"] {
                try? FileManager.default.removeItem(atPath: database + suffix)
            }
        }
        return try VaultProcess(["scan", database] + arguments).finish().lines
    }

    @Test func noKeyLiesOutsideOfGuardedMemory() throws {
        #expect(try scan("\(Self.reads)") == ["open 0 closed 0 leaked 0"])
    }

    @Test func theScanFindsAKeyThatWasCopied() throws {
        let lines = try scan("100", "leak")
        #expect(lines.first?.hasSuffix("leaked 40") == true)
        #expect(lines.count > 1)
    }
}
