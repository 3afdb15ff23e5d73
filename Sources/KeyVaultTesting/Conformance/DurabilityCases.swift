import KeyVaultFormat
import KeyVaultStorage

extension StoreConformance {
    /// What is there when the place is opened again.
    static var durabilityCases: [Case] {
        [
            Case("Rows, header, generation and floor are there after reopening", requires: .durable) { run in
                let store = try await run.created()
                let (one, two, gone) = (try id("acme"), try id("é"), try id("gone"))
                try await run.write(
                    .insert(one.at(1), sealed: sealedBytes(1)), .insert(two.at(1), sealed: []),
                    .replace(
                        one.at(2), sealed: sealedBytes(2), replacing: 1, commitment: nil, retained: sealedBytes(3)),
                    .insert(gone.at(40), sealed: []), .delete(gone, revision: 40), to: store)
                try await store.write(WriteBatch(generation: 1, header: [4, 5, 6]))
                let (rows, head) = (try await run.allRows(.everything, of: store), try await store.readHead())
                await store.close()

                let again = try await run.open()
                try run.expect(try await again.readHead() == head, .durable, "the head is the same")
                try run.expect(try await run.allRows(.everything, of: again) == rows, .durable, "the rows are the same")
                try await run.expectError(.exists, .durable, "a creation over it") {
                    try await again.create(header: [1])
                }
                try await run.expectError(.staleHeader, .durable, "a batch of the first generation") {
                    try await again.write(WriteBatch(generation: 1))
                }
                try await run.expectError(.conflict, .revisions, "an insert at the floor") {
                    try await again.write(WriteBatch(generation: 2, changes: [.insert(gone.at(40), sealed: [])]))
                }
                try await again.write(WriteBatch(generation: 2, changes: [.insert(gone.at(41), sealed: [])]))
                try run.expect(try await again.read(gone)?.revision == 41, .durable, "it can be written to")
            },
            Case("Every write that was acknowledged before a close is there after it", requires: .durable) { run in
                let store = try await run.created()
                let acknowledged = try await withThrowingTaskGroup(of: RecordID?.self) { group in
                    for number in 0..<64 {
                        group.addTask {
                            let one = try id("acme", "p\(number)")
                            do throws(StoreError) {
                                try await store.write(
                                    WriteBatch(generation: 1, changes: [.insert(one.at(1), sealed: sealedBytes(1))]))
                                return one
                            } catch {
                                try run.expect(
                                    error.code == .closed, .closed, "a late write throws closed, not \(error)")
                                return nil
                            }
                        }
                    }
                    await Task.yield()
                    await store.close()
                    return try await group.reduce(into: [RecordID]()) { all, one in if let one { all.append(one) } }
                }
                let again = try await run.open()
                let rows = try await run.allRows(.everything, of: again).map(\.id)
                try run.expect(
                    rows == acknowledged.sorted(), .durable, "the acknowledged rows, and no others, are there")
            },
        ]
    }
}
