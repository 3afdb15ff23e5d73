import KeyVault
import KeyVaultFormat
import KeyVaultSQLite
import KeyVaultTesting

/// A database whose file was altered: flipped bytes, pages that were cut off, overwritten, exchanged or forged,
/// another schema, a foreign journal. Whatever is read out of it was written, or the read gives a typed error; twice
/// the same; and what the vault acknowledges is read, after a reopening too, unless SQLite itself finds fault with the
/// file: two trees that share a page take each other's rows away.
///
/// An input is a byte that says whether the write-ahead log is still there, and how many statements and how many changes of
/// bytes follow.
struct DatabaseTarget: FuzzTarget {
    let name = "database"

    var seeds: [[UInt8]] {
        [
            [0], [1], [0x10, 0, 0x20, 9, 0x55], [0x11, 196, 0x10, 9, 0x55], [0x10, 2, 0x30, 0],
            [0x10, 5, 0, 6, 0, 0, 0, 9], [0x10, 3, 0x30, 0, 2], [0x10, 4, 0x30, 0, 13], [0x10, 6, 0x30, 3, 0xFF],
            [0x10, 6, 0, 3, 0xFF],
            [0x10, 135, 0, 0, 20, 1, 1, 1], [0x02, 0, 5, 3, 65, 66, 67], [0x02, 1, 4, 0], [0x02, 2, 3, 0],
            [0x02, 7, 0, 0], [0x02, 138, 1, 0], [0x02, 11, 0, 0], [0x02, 6, 0, 0],
            [0x22, 10, 2, 0, 0, 0x40, 0, 1, 5, 0, 6, 1], [0x02, 2, 9, 0],
        ]
    }

    func run(_ input: [UInt8]) async throws {
        let base = try await Self.base.value
        var source = ByteSource(input)
        let first = source.byte()
        var files = first & 1 == 0 ? base.closed : base.open
        let statements = (0..<(first >> 1 & 7)).map { _ in DatabaseFiles.statement(&source) }
        if !statements.isEmpty {
            let folder = try TemporaryFolder()
            defer { folder.remove() }
            try files.write(to: folder.path)
            for statement in statements { DatabaseFiles.execute(statement, in: folder.path) }
            files = try DatabaseFiles(in: folder.path)
        }
        for _ in 0..<(first >> 4) { files.alter(&source) }

        let seen = try await Self.look(at: files)
        try Finding.require(try await Self.look(at: files) == seen, "looked at twice, and not the same")
    }

    // MARK: What was written

    private struct Base {
        /// As a clean close leaves them, and with what was written last in the log.
        let closed: DatabaseFiles
        let open: DatabaseFiles
    }

    private static let records = 12

    private static func id(_ number: Int) throws -> RecordID {
        try RecordID(tenant: "t\(number % 3)", provider: "p\(number)")
    }

    /// Of several lengths, so that some fill pages of their own.
    private static func secret(_ number: Int, revision: UInt64) -> [UInt8] {
        Array("\(number).\(revision).".utf8) + [UInt8](repeating: UInt8(number + 65), count: number * number * 30)
    }

    private static let base = Task {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let path = folder.path + "/vault.db"
        let vault = try await Vault.create(
            in: try await SQLiteStore.open(path, create: true), masterKey: try Samples.ring(0),
            configuration: configuration())
        for number in 0..<records { try await put(number, revision: 1, into: vault) }
        await vault.close()
        let again = try await open(folder.path)
        for number in stride(from: 0, to: records, by: 5) { try await put(number, revision: 2, into: again) }
        let unclosed = try DatabaseFiles(in: folder.path)
        await again.close()
        return Base(closed: try DatabaseFiles(in: folder.path), open: unclosed)
    }

    private static func put(_ number: Int, revision: UInt64, into vault: Vault) async throws {
        let secret = secret(number, revision: revision)
        _ = try await vault.put(Secret(copying: unsafe secret.span.bytes), for: id(number))
    }

    /// No rules, which would refuse some of the keys; nobody else writes, so nobody looks.
    private static func configuration() -> VaultConfiguration {
        let clock = ManualClock()
        return VaultConfiguration(
            foreignChangeInterval: .seconds(1_000_000), clock: clock, date: { clock.date },
            providers: ProviderRegistry())
    }

    private static func open(_ folder: String) async throws -> Vault {
        let store: SQLiteStore
        do { store = try await SQLiteStore.open(folder + "/vault.db") } catch { throw VaultError(error) }
        do {
            return try await Vault.open(store, keys: try Samples.ring(0), configuration: configuration())
        } catch {
            await store.close()
            throw error
        }
    }

    // MARK: What is found

    /// What each question gave: a number of a revision, or the code of an error.
    private static func look(at files: DatabaseFiles) async throws -> [String] {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        try files.write(to: folder.path)
        var seen: [String] = []
        var acknowledged: [Int: String] = [:]
        for _ in 0..<2 {
            let vault: Vault
            do { vault = try await open(folder.path) } catch let error as VaultError {
                try Finding.require(
                    try acknowledged.isEmpty || !files.isSound(), "written to, and does not open: \(error)")
                return seen + ["open: \(error.code.rawValue)"]
            }
            for number in 0..<records { seen.append(try await outcome { "\(try await revision(of: number, vault))" }) }
            try await require(acknowledged, vault, files, "after a reopening")
            seen.append(try await outcome { try await listed(vault) })
            seen.append(try await outcome { "\(try await vault.verify().damaged.count) damaged" })
            acknowledged = try await change(vault, &seen)
            try await require(acknowledged, vault, files, "at once")
            await vault.close()
        }
        return seen
    }

    private static func outcome(_ body: () async throws -> String) async throws -> String {
        do { return try await body() } catch let error as VaultError { return error.code.rawValue }
    }

    /// Which of the secrets that were written comes back.
    private static func revision(of number: Int, _ vault: Vault) async throws -> UInt64 {
        let found = try await vault.withSecret(id(number)) { secret in
            // Any byte of a secret is a `UInt8`.
            (0..<secret.byteCount).map { unsafe secret.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
        }
        guard let revision = (1...4).first(where: { secret(number, revision: $0) == found }) else {
            throw Finding("record \(number) is one that nobody wrote")
        }
        return revision
    }

    private static func listed(_ vault: Vault) async throws -> String {
        let entries = try await vault.list().entries
        let ids = Set(try (0..<records).map(id))
        for entry in entries where entry.damage == nil {
            try Finding.require(ids.contains(entry.id), "\(entry.id) is sound, and nobody wrote it")
        }
        return entries.map { "\($0.id) \($0.revision) \($0.damage == nil)" }.joined(separator: "\n")
    }

    /// Writes one record anew and deletes another.
    ///
    /// - Returns: what each of the two has to give from now on, where that was acknowledged.
    private static func change(_ vault: Vault, _ seen: inout [String]) async throws -> [Int: String] {
        let (replaced, deleted) = (5, 7)
        var acknowledged: [Int: String] = [:]
        seen.append(
            try await outcome {
                try await put(replaced, revision: 3, into: vault)
                acknowledged[replaced] = "3"
                return "replaced"
            })
        seen.append(
            try await outcome {
                try await vault.delete(id(deleted))
                acknowledged[deleted] = VaultError.Code.notFound.rawValue
                return "deleted"
            })
        return acknowledged
    }

    private static func require(
        _ acknowledged: [Int: String], _ vault: Vault, _ files: DatabaseFiles, _ when: String
    ) async throws {
        for (number, expected) in acknowledged {
            let found = try await outcome { "\(try await revision(of: number, vault))" }
            try Finding.require(
                try found == expected || !files.isSound(), "record \(number) gives \(found) \(when), not \(expected)")
        }
    }
}
