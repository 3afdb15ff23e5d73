import Foundation
import KeyVault
import KeyVaultSQLite
import Metrics
import MetricsTestKit
import TestSupport
import Testing

/// 10,000 keys that would be found again go through everything a vault does on SQLite and in a file, at trace level: no log line, metric, error,
/// description or stored byte holds one.
@Suite struct TextCanaryTests {
    private static let count = 10_000
    private static let batch = 100
    private static let metrics: TestMetrics = {
        let metrics = TestMetrics()
        MetricsSystem.bootstrap(metrics)
        return metrics
    }()
    private let evidence = Evidence()

    @Test func theSearchFindsEveryForm() {
        let key = Canary.key(7)
        let data = Data(key.utf8)
        let escaped = key.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        for shown in [
            key, data.base64EncodedString(), "x" + data.map { String($0, radix: 16) }.joined(), escaped,
            data.dropFirst(7).base64EncodedString(), data.dropFirst(20).base64EncodedString(),
            String(key.prefix(Canary.pieceLength)), "\(key.dropFirst(10).prefix(Canary.pieceLength))",
        ] {
            #expect(Canary.found(in: Data("before \(shown) behind".utf8)) != nil, "\(shown)")
        }
        #expect(Canary.found(in: Data("nothing of the kind".utf8)) == nil)
    }

    @Test(arguments: ["sqlite", "file"])
    func noTextHoldsAKey(_ kind: String) async throws {
        let folder = try TemporaryFolder()
        let path = folder.file("vault")
        let metrics = Self.metrics
        let evidence = evidence
        let configuration = VaultConfiguration(audit: { evidence.add(value: $0) }, logger: evidence.logger)
        let ring = try MasterKeyRing(.random())
        let vault =
            kind == "sqlite"
            ? try await Vault.create(
                in: SQLiteStore.open(path, create: true), masterKey: ring, configuration: configuration)
            : try await Vault.create(
                in: FileStore.open(path, create: true), masterKey: ring, configuration: configuration)
        let first = kind == "sqlite" ? 0 : Self.count / 2
        for start in stride(from: first, to: first + Self.count / 2, by: Self.batch) {
            try await use(vault, from: start)
        }
        evidence.add(value: try await vault.verify())
        evidence.add(value: try await vault.sweep())
        evidence.add(value: await vault.health())
        try checkFiles(in: folder.url)
        await vault.close()
        try checkFiles(in: folder.url)
        await evidence.addError { try await vault.withSecret(id(first)) { _ in } }
        for metric in metrics.counters { evidence.add("\(metric.label) \(metric.dimensions)") }
        for metric in metrics.recorders { evidence.add("\(metric.label) \(metric.dimensions)") }
        #expect(evidence.bytes.count > Self.count * 100)
        #expect(Canary.found(in: evidence.bytes) == nil)
    }

    @Test func noTextHoldsAToken() async throws {
        let vault = try await Vault.create(in: MemoryStore(), masterKey: MasterKeyRing(.random()))
        let made = try await vault.createToken(for: "acme")
        let secret = try #require(made.token.split(separator: "_", maxSplits: 2).last)
        evidence.add(value: made)
        evidence.add(value: [made.info.id: made])
        evidence.add(value: try await vault.tokens())
        #expect(evidence.bytes.range(of: Data(made.info.id.utf8)) != nil)
        #expect(secret.utf8.count == 43 && evidence.bytes.range(of: Data(secret.utf8)) == nil)
    }

    private func id(_ number: Int) throws -> RecordID { try RecordID(tenant: "t\(number)", provider: "mine") }

    /// Stores a batch, reads it, and lets everything fail that can.
    private func use(_ vault: Vault, from start: Int) async throws {
        struct OnPurpose: Error {}
        let requests = try (start..<(start + Self.batch)).map { number in
            PutRequest(try id(number), try Secret(Canary.key(number)))
        }
        for info in try await vault.put(requests) { evidence.add(value: info) }
        for number in start..<(start + Self.batch) {
            let (id, key) = (try id(number), Canary.key(number))
            _ = try await vault.withSecret(id) { $0.byteCount }
            await evidence.addError { try await vault.withSecret(id) { _ in throw OnPurpose() } }
            guard number % 10 == 0 else { continue }
            evidence.add(value: try Secret(key))
            evidence.add(value: requests[number - start])
            evidence.add(value: try await vault.metadata(for: id))
            try await vault.put([PutRequest(id, Secret(Canary.key(number + 1)), keepPreviousFor: .seconds(60))])
            evidence.add(value: try await vault.history(of: id))
            evidence.add(value: try await vault.rollback(id))
            // Refused by the rules, by the revision, by size; disabled; expired.
            let openai = try RecordID(tenant: id.tenant, provider: "openai")
            await evidence.addError { try await vault.put(Secret(key), for: openai) }
            await evidence.addError { try await vault.put(Secret("sk-ant-\(key)"), for: openai) }
            await evidence.addError { try await vault.put(Secret("\(key)\n\(key)"), for: openai) }
            await evidence.addError { try await vault.put(Secret(key), for: id, expectedRevision: 99) }
            await evidence.addError { _ = try Secret(String(repeating: key, count: 2000)) }
            // A key has a slash, which no name may have.
            await evidence.addError { _ = try RecordID(tenant: key, provider: "p") }
            evidence.add(value: try await vault.disable(id))
            await evidence.addError { try await vault.withSecret(id) { _ in } }
            try await vault.put([PutRequest(id, Secret(key), expires: .distantPast)])
            await evidence.addError { try await vault.withSecret(id) { _ in } }
            evidence.add(value: try await vault.authenticate("kvt_\(key)") as Any)
        }
        evidence.add(value: try await vault.list(limit: Self.batch))
    }

    private func checkFiles(in folder: URL) throws {
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        for file in files { #expect(Canary.found(in: try Data(contentsOf: file)) == nil, "\(file)") }
    }
}
