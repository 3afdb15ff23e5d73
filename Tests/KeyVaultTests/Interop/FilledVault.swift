import Foundation
import KeyVault
import KeyVaultFormat
import KeyVaultStorage
import Testing

/// A vault that Swift fills, and what is to be in it.
struct FilledVault {
    static let now = Date(timeIntervalSince1970: 1_790_000_000)

    let vault: Vault
    let rows: [InteropRow]
    private(set) var secrets: [RecordKey: [UInt8]] = [:]

    /// Puts `count` rows in batches of a hundred. The last ten of each hundred replace an earlier key, which is retained.
    init(in store: some RecordStore, count: Int = 1000) async throws {
        vault = try await Vault.create(
            in: store, masterKey: HeaderSample.ring([VectorKeys.masterKey]),
            configuration: VaultConfiguration(date: { Self.now }))
        rows = try InteropSamples.rows(count)
        for start in stride(from: 0, to: count, by: 100) {
            let batch = rows[start..<min(start + 100, count)]
            try await put(batch.suffix(10)) { $0.reversed() }
            try await put(batch)
        }
    }

    /// Puts the rows, in one batch. What they replace is kept for a minute.
    mutating func put(
        _ rows: some Collection<InteropRow>, secret: ([UInt8]) -> [UInt8] = { $0 }
    ) async throws {
        let puts = try rows.map { (id: try $0.id, secret: secret($0.secret?.bytes ?? [])) }
        let requests = try puts.map { put in
            try PutRequest(put.id, Secret(copying: put.secret.span), keepPreviousFor: .seconds(60))
        }
        for (put, info) in zip(puts, try await vault.putUnchecked(requests)) {
            secrets[RecordKey(id: put.id, revision: info.revision)] = put.secret
        }
    }

    mutating func delete(_ id: RecordID) async throws {
        try await vault.delete(id)
        secrets = secrets.filter { $0.key.id != id }
    }

    mutating func deleteAll(of tenant: String) async throws {
        try await vault.deleteAll(of: tenant)
        secrets = secrets.filter { $0.key.id.tenant != tenant }
    }

    mutating func deleteRevision(_ revision: UInt64, of id: RecordID) async throws {
        try await vault.deleteRevision(revision, of: id)
        secrets[RecordKey(id: id, revision: revision)] = nil
    }

    /// Whether these rows, as Python read them, are what was put: each secret, and in its place.
    func expectRows(_ read: [InteropRow]) throws {
        #expect(Set(try read.map { try $0.key }) == Set(secrets.keys))
        for row in read where row.secret?.bytes != secrets[try row.key] {
            Issue.record("\(try row.id) is something else")
        }
        let current = Dictionary(secrets.keys.map { ($0.id, $0.revision) }, uniquingKeysWith: max)
        for row in read {
            let isCurrent = current[try row.id] == row.revision
            #expect(row.kind == (isCurrent ? .current : .retained))
            #expect(row.metadata?.until == (isCurrent ? 0 : 1_790_000_060_000))
        }
    }
}
