import KeyVaultFormat
import KeyVaultStorage

extension StoreConformance {
    /// Many records.
    static var sizeCases: [Case] {
        [
            Case("Many records: each is read, each is scanned once, a tenant's are deleted") { run in
                let (store, size) = (try await run.created(), run.suite.size)
                let ids = try (0..<size).map { number in
                    try id("t\(1_000_000 + number / 100)", "p\(1_000 + number % 100)")
                }
                let body = sealedBytes(1)
                for start in stride(from: 0, to: size, by: 1_000) {
                    let part = ids[start..<min(start + 1_000, size)]
                    try await store.write(
                        WriteBatch(generation: 1, changes: part.map { .insert($0.at(1), sealed: body) }))
                }
                for index in stride(from: 0, to: size, by: max(1, size / 100)) {
                    try run.expect(
                        try await store.read(ids[index])?.sealed == body, .current, "\(ids[index]) is not read")
                }
                let rows = try await run.allRows(.current, of: store, pageSize: 1_000)
                try run.expect(rows.map(\.id) == ids, .scan, "\(rows.count) of \(size) rows were scanned")

                let tenant = ids[size / 2].tenant
                let mine = ids.filter { $0.tenant == tenant }
                try run.expect(
                    try await run.allRows(.currentOf(tenant: tenant), of: store, pageSize: 7).map(\.id) == mine, .scan,
                    "the rows of one tenant among many are not its own")
                try await run.write(.deleteTenant(tenant), to: store)
                let left = try await run.allRows(.everything, of: store, pageSize: 1_000).count
                try run.expect(
                    left == size - mine.count, .changes, "\(left) rows are left of \(size) less \(mine.count)")
            }
        ]
    }
}
