import Foundation
import KeyVault
import KeyVaultSQLite

@testable import KeyVaultCrypto

/// Looks for keys in the memory of this process where none may be.
///
/// What is looked for is held masked, so that the search does not find itself.
struct MemoryScan {
    /// The shortest piece of a key that counts as found.
    static let windowLength = 16

    private let mask: UInt64 = .random(in: .min ... .max)
    /// The first eight bytes of each window, masked, and the masked eight bytes behind them.
    private var windows: [UInt64: [(second: UInt64, of: String)]] = [:]
    /// A bit for each value of a window's first 16 bits, so that most places need no look into the dictionary.
    private var filter = [Bool](repeating: false, count: 1 << 16)

    mutating func add(_ secret: Span<UInt8>, _ name: String) {
        guard secret.count >= Self.windowLength else { return }
        for start in 0...(secret.count - Self.windowLength) {
            // Masked from the first byte on: these variables lie on the stack.
            var (first, second) = (mask, mask)
            for index in 0..<8 {
                first ^= UInt64(secret[start + index]) << UInt64(8 * index)
                second ^= UInt64(secret[start + 8 + index]) << UInt64(8 * index)
            }
            filter[Int(truncatingIfNeeded: first & 0xFFFF)] = true
            windows[first, default: []].append((second, name))
        }
    }

    /// Where a window was found: the mappings' lines of `/proc/self/smaps`.
    func run() throws -> [String] {
        let memory = unsafe open("/proc/self/mem", O_RDONLY)
        defer { close(memory) }
        return try Self.mappings().compactMap { mapping in
            try search(mapping, memory: memory).map { "\($0) in \(mapping.line)" }
        }
    }

    private struct Mapping {
        var start: UInt64
        var end: UInt64
        var line: String
    }

    /// The writable mappings, but for those that are kept out of core dumps: the guarded memory.
    private static func mappings() throws -> [Mapping] {
        var found: [Mapping] = []
        // The kernel says that the file is empty, so it is read until its end rather than by its length.
        let file = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/smaps"))
        for line in String(decoding: file.readDataToEndOfFile(), as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            if let range = words.first?.split(separator: "-"), range.count == 2, words.count > 1,
                let start = UInt64(range[0], radix: 16), let end = UInt64(range[1], radix: 16)
            {
                found.append(Mapping(start: start, end: end, line: words[1].hasPrefix("rw") ? String(line) : ""))
            } else if words.first == "VmFlags:", words.contains("dd") {
                found.removeLast()
            }
        }
        return found.filter { !$0.line.isEmpty }
    }

    /// - Returns: what was found first.
    private func search(_ mapping: Mapping, memory: Int32) throws -> String? {
        let size = 1 << 20
        var buffer = [UInt8](repeating: 0, count: size + Self.windowLength)
        var position = mapping.start
        while position < mapping.end {
            let wanted = min(buffer.count, Int(mapping.end - position))
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe pread(memory, bytes.baseAddress, wanted, off_t(position))
            }
            guard count >= Self.windowLength else { break }
            let found = unsafe buffer.withUnsafeBytes { bytes -> String? in
                for offset in 0...(count - Self.windowLength) {
                    let first = unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) ^ mask
                    guard filter[Int(truncatingIfNeeded: first & 0xFFFF)], let seconds = windows[first] else {
                        continue
                    }
                    let second = unsafe bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self) ^ mask
                    if let match = seconds.first(where: { $0.second == second }) { return match.of }
                }
                return nil
            }
            // What was found must not be found again in the buffer.
            for index in buffer.indices { buffer[index] = 0 }
            if let found { return found }
            position += UInt64(size)
        }
        return nil
    }
}

extension MemoryScan {
    /// Fills a vault, reads it again and again, fails on purpose, and looks for every key: once while the vault is open and
    /// once when it is closed.
    ///
    /// - Parameter leaks: keep one copy of a secret on the heap, to show that the scan finds it.
    static func hunt(database: String, reads: Int, leaks: Bool) async throws {
        var scan = MemoryScan()
        let master = try MasterKey.random()
        master.withExposedBytes { scan.add($0, "the master key") }
        let ring = MasterKeyRing(master)
        let store = try await SQLiteStore.open(database, create: true)
        let vault = try await Vault.create(in: store, masterKey: ring)
        let ids = try (0..<100).map { try RecordID(tenant: "t\($0)", provider: "p") }
        var leak: [UInt8] = []
        for (index, id) in ids.enumerated() {
            let secret = try Secret(GuardedBytes.random(count: 100 + 20 * index))
            secret.withSpan { span in
                scan.add(span, "a secret")
                if leaks, index == 50 { for byte in 0..<40 { leak.append(span[byte]) } }
            }
            try await vault.put([PutRequest(id, secret, keepPreviousFor: .seconds(60))])
            let row = try await store.read(id)
            if let row { try addDataKey(of: row, vault: vault, ring: ring, to: &scan) }
        }
        try await use(vault, ids, reads: reads)
        let whileOpen = try scan.run()
        await vault.close()
        let whenClosed = try scan.run()
        let isLocked = GuardedArena.statistics.unlocked == 0
        print("open \(whileOpen.count) closed \(whenClosed.count) leaked \(leak.count) locked \(isLocked)")
        for line in whileOpen + whenClosed { print(line) }
    }

    private static func use(_ vault: Vault, _ ids: [RecordID], reads: Int) async throws {
        struct OnPurpose: Error {}
        for number in 0..<reads {
            let id = ids[number % ids.count]
            _ = try await vault.withSecret(id) { $0.byteCount }
            guard number % 100 == 0 else { continue }
            // Past the cache, out of a closure that throws, from a task that is cancelled.
            _ = try await vault.metadata(for: id)
            do { try await vault.withSecret(id) { _ in throw OnPurpose() } } catch is OnPurpose {}
            let task = Task { try await vault.withSecret(id) { try await hold($0) } }
            task.cancel()
            _ = try? await task.value
        }
        _ = try await vault.verify()
    }

    private static func hold(_ secret: RawSpan) async throws -> Int {
        try await Task.sleep(for: .seconds(60))
        return secret.byteCount
    }

    private static func addDataKey(
        of row: StoredRecord, vault: Vault, ring: MasterKeyRing, to scan: inout MemoryScan
    ) throws {
        let record = try SealedRecord(row.sealed)
        let context = Context.wrap(row.id, revision: row.revision, vault: vault.id, suite: record.suite)
        let key = try ring.first.key.unwrap(
            salt: record.salt.span, commitment: record.commitment.span, sealed: record.wrappedKey.span,
            context: context.span)
        key.bytes.withSpan { scan.add($0, "a data key") }
    }
}
