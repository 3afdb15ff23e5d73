import KeyVaultFormat
import KeyVaultStorage

extension StoreConformance {
    /// One place that is open twice.
    static var sharedCases: [Case] {
        [
            Case("foreignChanges() stands still while nobody writes") { run in
                let store = try await run.created()
                let before = try await store.foreignChanges()
                _ = try await store.read(try id("acme"))
                _ = try await store.scan(.everything, after: nil, limit: 9)
                try run.expect(try await store.foreignChanges() == before, .foreignChanges, "it moved without a write")
            },
            Case("foreignChanges() moves with every write of another", requires: .shared) { run in
                let (store, other) = (try await run.created(), try await run.open())
                var seen = try await store.foreignChanges()
                let one = try id("acme")
                let batches = [
                    WriteBatch(generation: 1, changes: [.insert(one.at(1), sealed: [])]),
                    WriteBatch(generation: 1, changes: [.delete(one, revision: 1)]),
                    WriteBatch(generation: 1, header: [2]),
                ]
                for batch in batches {
                    try await other.write(batch)
                    let now = try await store.foreignChanges()
                    try run.expect(now != seen, .foreignChanges, "another's write did not move it")
                    try run.expect(
                        try await store.foreignChanges() == now, .foreignChanges, "it moved once more by itself")
                    seen = now
                }
            },
            Case("What one writes the other reads, and refuses on", requires: .shared) { run in
                let (store, other, one) = (try await run.created(), try await run.open(), try id("acme"))
                try await run.write(.insert(one.at(1), sealed: sealedBytes(1)), to: store)
                try run.expect(try await other.read(one)?.revision == 1, .current, "the other reads the insert")
                try await run.write(.delete(one, revision: 1), to: other)
                try run.expect(try await store.read(one) == nil, .current, "the first sees the delete")
                try await run.expectConflict(
                    over: one, "a revision that the other deleted", .revisions, in: store,
                    changes: .insert(one.at(1), sealed: []))
                try await other.write(WriteBatch(generation: 1, header: [2]))
                try await run.expectError(.staleHeader, .head, "a batch under the header that the other replaced") {
                    try await store.write(WriteBatch(generation: 1))
                }
                await other.close()
                try run.expect(
                    try await store.readHead()?.generation == 2, .closed, "the first goes on when the other closes")
            },
            Case("Compare-and-swap through two stores loses no update", requires: .shared) { run in
                let stores = [try await run.created(), try await run.open()]
                try await countUp(by: 6, rounds: 8, through: { stores[$0 % 2] }, run)
            },
        ]
    }
}
