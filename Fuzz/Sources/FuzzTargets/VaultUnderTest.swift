import Foundation
import KeyVault
import KeyVaultFormat
import KeyVaultTesting

/// A vault on one of the stores, which survives what happens to it.
struct VaultUnderTest {
    private var store: StoreUnderTest
    private var vault: Vault
    private let configuration: VaultConfiguration
    /// Which master key is the active one.
    private var keyNumber: UInt8 = 0

    var name: String { store.name }

    init(_ store: StoreUnderTest, clock: ManualClock) async throws {
        self.store = store
        // No rules, which would refuse some of the keys; nobody else writes, so nobody looks.
        configuration = VaultConfiguration(
            foreignChangeInterval: .seconds(1_000_000), clock: clock, date: { clock.date },
            providers: ProviderRegistry())
        vault = try await Vault.create(
            in: try await self.store.open(), masterKey: try Samples.ring(0), configuration: configuration)
    }

    mutating func apply(_ operation: VaultOperation) async throws -> VaultOutcome {
        do {
            switch operation {
            case .put(let id, let secret, let lifetime, let expected):
                let expires = lifetime.map {
                    configuration.date().addingTimeInterval(Double($0.components.seconds))
                }
                let request = PutRequest(
                    id, try Secret(copying: unsafe secret.span.bytes), expectedRevision: expected, expires: expires)
                return .revision(try await vault.put([request])[0].revision)
            case .read(let id):
                return .secret(
                    try await vault.withSecret(id) { secret in
                        // Any byte of a secret is a `UInt8`.
                        (0..<secret.byteCount).map { unsafe secret.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
                    })
            case .delete(let id): return .existed(try await vault.delete(id))
            case .deleteAll(let tenant): try await vault.deleteAll(of: tenant)
            case .list(let tenant): return .entries(try await entries(tenant: tenant))
            case .sweep: return .count(try await vault.sweep().expired)
            case .verify:
                let report = try await vault.verify()
                try Finding.require(report.damaged.isEmpty, "\(name): damaged: \(report.damaged)")
                return .count(report.records)
            case .advance: break
            case .rotate(let reseals): try await rotate(reseals: reseals)
            case .compact: try await store.compact()
            case .reopen:
                await vault.close()
                try await open()
            case .crash(let kept):
                try await store.crash(keeping: kept)
                try await open()
            }
            return .done
        } catch let error as VaultError {
            return .refused(error.code.rawValue)
        }
    }

    func contents() async throws -> [RecordID: UInt64] { try await entries(tenant: nil) }

    func close() async {
        await vault.close()
        await store.close()
    }

    private func entries(tenant: String?) async throws -> [RecordID: UInt64] {
        let page = try await vault.list(tenant: tenant)
        try Finding.require(page.entries.allSatisfy { $0.damage == nil }, "\(name): a damaged record")
        try Finding.require(
            zip(page.entries, page.entries.dropFirst()).allSatisfy { $0.id < $1.id }, "\(name): out of order")
        return Dictionary(uniqueKeysWithValues: page.entries.map { ($0.id, $0.revision) })
    }

    private mutating func rotate(reseals: Bool) async throws {
        keyNumber += 1
        let report = try await vault.rotateMasterKey(
            to: try Samples.ring(keyNumber), mode: reseals ? .reEncrypt : .rewrap)
        try Finding.require(report.failed.isEmpty && report.retired.count == 1, "\(name): \(report)")
    }

    private mutating func open() async throws {
        vault = try await Vault.open(
            try await store.open(), keys: try Samples.ring(keyNumber), configuration: configuration)
    }
}
