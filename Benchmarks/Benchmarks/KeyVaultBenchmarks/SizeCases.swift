import Floor
import KeyVault

/// What depends on the number of records. The floor is the same work with 1,000 of them.
enum SizeCases {
    static func register() {
        for (name, records) in [("10k", 10_000), ("100k", 100_000), ("1m", 1_000_000)] {
            pair("open/sqlite/\(name)", records) { try await $0.open() }
            pair("miss/sqlite/\(name)", records) { filled in
                try await measureComputing(1000) { for _ in 0..<1000 { try await filled.read() } }
            }
            pair("put/sqlite/\(name)", records) { try await $0.put(50) }
            pair("list/sqlite/\(name)", records) { try await $0.list(20) }
        }
        // In nanoseconds over the two seconds that it may take.
        PairedCase(
            name: "open/file/1m", turns: 4, setUp: { try await Filled.shared.fileOfAMillion() },
            subject: { try await $0.open() },
            floor: { _ in 2e9 }
        ).register()
        // Bytes, over the 120 that a record may take in the index.
        PairedCase(
            name: "memory/file-index", turns: 1, setUp: { try await Filled.shared.fileOfAMillion() },
            subject: { try await $0.indexBytes() }, floor: { _ in 120 }
        ).register()
    }

    private static func pair(
        _ name: String, _ records: Int, _ work: @escaping @Sendable (FilledVault) async throws -> Double
    ) {
        PairedCase(
            name: name,
            setUp: { (try await Filled.shared.vault(records), try await Filled.shared.vault(1000)) },
            subject: { try await work($0.0) }, floor: { try await work($0.1) }
        ).register()
    }
}

/// What takes long to fill, and serves several cases. They run one after the other, so nobody asks while one is made.
private actor Filled {
    static let shared = Filled()
    private var vaults: [Int: FilledVault] = [:]
    private var file: FileOfAMillion?

    func vault(_ records: Int) async throws -> FilledVault {
        if let vault = vaults[records] { return vault }
        let vault = try await FilledVault(.sqlite, records: records)
        vaults[records] = vault
        return vault
    }

    func fileOfAMillion() async throws -> FileOfAMillion {
        if let file { return file }
        let made = try await FileOfAMillion()
        file = made
        return made
    }
}

extension FilledVault {
    /// Nanoseconds to open the store and the vault, and to have the first key.
    fileprivate func open() async throws -> Double {
        var opened: [Vault] = []
        let time = try await measure(5) {
            for _ in 0..<5 {
                let vault = try await reopen()
                try await vault.withSecret(nextID()) { precondition($0.byteCount == 164) }
                opened.append(vault)
            }
        }
        for vault in opened { await vault.close() }
        return time
    }
}

/// A million records in a file, closed with its hint.
private final class FileOfAMillion: Sendable {
    private let filled: FilledVault

    init() async throws {
        filled = try await FilledVault(.file, records: 1_000_000)
        await filled.vault.close()
    }

    func open() async throws -> Double {
        var store: FileStore?
        let time = try await measure(1) { store = try await filled.openFileStore() }
        await store?.close()
        return time
    }

    func indexBytes() async throws -> Double {
        floor_trim_heap()
        let before = residentBytes()
        let store = try await filled.openFileStore()
        floor_trim_heap()
        defer { withExtendedLifetime(store) {} }
        return Double(residentBytes() - before) / 1_000_000
    }
}
