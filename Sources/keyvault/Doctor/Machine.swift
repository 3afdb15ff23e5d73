import Foundation
import KeyVault
import KeyVaultSQLite

/// What `doctor` finds out about the machine, without a vault.
enum Machine {
    static var findings: [Finding] { [aes, lockedMemory, coreDumps, swap] + libraries }

    private static var aes: Finding {
        do {
            try CryptoSupport.check()
            return Finding(check: "AES hardware", result: .ok, detail: "AES and carry-less multiplication are there.")
        } catch {
            return Finding(check: "AES hardware", result: .problem, detail: error.description)
        }
    }

    private static var lockedMemory: Finding {
        let name = "locked memory"
        guard let limit = softLimit("Max locked memory") else {
            return Finding(check: name, result: .warning, detail: "The limit cannot be read.")
        }
        guard let bytes = Int(limit), bytes < 1 << 20 else {
            return Finding(
                check: name, result: .ok, detail: "The limit is \(limit == "unlimited" ? "off" : limit + " bytes").")
        }
        return Finding(
            check: name, result: .warning,
            detail: "Only \(bytes) bytes may be locked; beyond them, keys in use may be swapped out. Raise 'ulimit -l'."
        )
    }

    private static var coreDumps: Finding {
        let isOff = softLimit("Max core file size") == "0"
        return Finding(
            check: "core dumps", result: .ok,
            detail: isOff ? "They are off." : "They are on; the memory that holds keys is left out of them.")
    }

    private static var swap: Finding {
        // A line of names, then one for each swap space.
        let spaces = (lines(of: "/proc/swaps") ?? []).dropFirst().count
        return Finding(
            check: "swap", result: .ok,
            detail: spaces == 0 ? "There is none." : "It is on; memory that is locked never gets there.")
    }

    private static var libraries: [Finding] {
        [
            Finding(check: "libsodium", result: .ok, detail: CryptoSupport.libraryVersion),
            Finding(check: "SQLite", result: .ok, detail: SQLiteStore.libraryVersion),
        ]
    }

    /// A limit of this process as proc(5) shows it: a name, then the soft and the hard limit.
    private static func softLimit(_ name: String) -> String? {
        guard let line = lines(of: "/proc/self/limits")?.first(where: { $0.hasPrefix(name) }) else { return nil }
        return line.dropFirst(name.count).split(separator: " ").first.map(String.init)
    }

    private static func lines(of path: String) -> [Substring]? {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
        return text.split(separator: "\n")
    }
}
