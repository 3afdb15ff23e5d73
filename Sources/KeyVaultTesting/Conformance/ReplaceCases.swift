import KeyVaultFormat
import KeyVaultStorage

extension StoreConformance {
    /// Replacing the current row, and batches of several changes.
    static var replaceCases: [Case] {
        [
            Case("A replacement takes the place of the current row and removes it") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                try await run.write(.insert(one.at(1), sealed: sealedBytes(1)), to: store)
                try await run.write(
                    .replace(one.at(5), sealed: sealedBytes(2), replacing: 1, commitment: nil, retained: nil), to: store
                )
                let row = StoredRecord(key: one.at(5), sealed: sealedBytes(2))
                try run.expect(try await store.read(one) == row, .changes, "the new row is current")
                try run.expect(try await run.allRows(.everything, of: store) == [row], .changes, "the old row is gone")
            },
            Case("A replaced row is kept with the bytes given for it, behind earlier ones") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                try await run.write(.insert(one.at(1), sealed: sealedBytes(1)), to: store)
                for revision: UInt64 in 2...4 {
                    try await run.write(
                        .replace(
                            one.at(revision), sealed: sealedBytes(revision), replacing: revision - 1, commitment: nil,
                            retained: sealedBytes(100 + revision - 1)), to: store)
                }
                let rows = try await run.allRows(.everything, of: store)
                let expected =
                    (1...3).map { StoredRecord(key: one.at($0), sealed: sealedBytes(100 + $0)) }
                    + [StoredRecord(key: one.at(4), sealed: sealedBytes(4))]
                try run.expect(rows == expected, .changes, "retained rows stand before the current one")
                try run.expect(try await store.read(one) == expected[3], .changes, "the highest revision is current")
                for row in expected {
                    try run.expect(try await store.read(row.key) == row, .changes, "each is read by its key")
                }
                try await run.write(
                    .replace(one.at(5), sealed: [], replacing: 4, commitment: nil, retained: nil), to: store)
                let left = try await run.allRows(.everything, of: store).map(\.revision)
                try run.expect(
                    left == [1, 2, 3, 5], .changes, "a replacement without `retained` leaves earlier ones alone")
            },
            Case("A replacement is refused unless it names the current row and a higher revision") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                func replace(_ revision: UInt64, replacing: UInt64, commitment: [UInt8]? = nil) -> RecordChange {
                    .replace(one.at(revision), sealed: [], replacing: replacing, commitment: commitment, retained: nil)
                }
                try await run.expectConflict(
                    over: one, "replacing nothing", in: store, changes: replace(2, replacing: 1))
                let row = StoredRecord(key: one.at(5), sealed: sealedBytes(5))
                try await run.write(
                    .insert(one.at(3), sealed: []),
                    .replace(row.key, sealed: row.sealed, replacing: 3, commitment: nil, retained: []), to: store)
                for change in [
                    replace(6, replacing: 0), replace(6, replacing: 3), replace(6, replacing: 4),
                    replace(7, replacing: 6),
                    replace(5, replacing: 5), replace(4, replacing: 5), replace(3, replacing: 5),
                    replace(6, replacing: 5, commitment: commitment(of: sealedBytes(6))),
                    replace(6, replacing: 5, commitment: []),
                ] {
                    try await run.expectConflict(over: one, "\(change)", in: store, changes: change)
                }
                try run.expect(try await store.read(one) == row, .changes, "a refused replacement changes nothing")
                try await run.write(replace(6, replacing: 5, commitment: commitment(of: row.sealed)), to: store)
                try run.expect(try await store.read(one)?.revision == 6, .changes, "the right commitment is accepted")
            },
            Case("Each change of a batch sees those before it") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                try await run.write(
                    .insert(one.at(1), sealed: sealedBytes(1)),
                    .replace(
                        one.at(2), sealed: sealedBytes(2), replacing: 1, commitment: commitment(of: sealedBytes(1)),
                        retained: nil),
                    .rewrap(one.at(2), sealed: sealedBytes(3), commitment: commitment(of: sealedBytes(2))),
                    .delete(one, revision: 2), .insert(one.at(3), sealed: sealedBytes(4)), to: store)
                let row = StoredRecord(key: one.at(3), sealed: sealedBytes(4))
                try run.expect(try await run.allRows(.everything, of: store) == [row], .atomic, "the last change holds")
                try run.expect(
                    try await store.readHead()?.revisionFloor == 2, .revisions, "the delete raised the floor")
            },
            Case("A batch of which one change is refused leaves nothing behind") { run in
                let store = try await run.created()
                let (one, two, other) = (try id("acme"), try id("acme", "anthropic"), try id("other"))
                try await run.write(
                    .insert(one.at(1), sealed: sealedBytes(1)),
                    .replace(
                        one.at(2), sealed: sealedBytes(2), replacing: 1, commitment: nil, retained: sealedBytes(1)),
                    .insert(other.at(9), sealed: sealedBytes(9)), to: store)
                let (rows, head) = (try await run.allRows(.everything, of: store), try await store.readHead())

                let refused = RecordChange.insert(one.at(7), sealed: [])
                let changes: [RecordChange] = [
                    .insert(two.at(1), sealed: []),
                    .replace(one.at(3), sealed: [], replacing: 2, commitment: nil, retained: nil),
                    .rewrap(one.at(3), sealed: sealedBytes(5), commitment: commitment(of: sealedBytes(2))),
                    .deleteRetained(one.at(1)), .deleteTenant("other"),
                ]
                for change in changes {
                    try await run.expectError(.conflict, .atomic, "a batch that ends in an insert over a row") {
                        try await store.write(WriteBatch(generation: 1, changes: [change, refused], header: [9]))
                    }
                    try run.expect(
                        try await run.allRows(.everything, of: store) == rows, .atomic,
                        "rows changed by a refused \(change)")
                    try run.expect(
                        try await store.readHead() == head, .atomic, "the head changed by a refused \(change)")
                }
            },
        ]
    }
}
