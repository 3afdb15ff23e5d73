import KeyVaultFormat
import KeyVaultStorage

extension StoreConformance {
    /// What insert, rewrap and the deletions do, and when they are refused.
    static var changeCases: [Case] {
        [
            Case("An inserted row is read by its id and by its key") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                let row = StoredRecord(key: one.at(1), sealed: sealedBytes(1))
                try run.expect(try await store.read(one) == nil, .changes, "an id without a row reads as nil")
                try run.expect(try await store.read(one.at(1)) == nil, .changes, "a key without a row reads as nil")
                try await run.write(.insert(row.key, sealed: row.sealed), to: store)
                try run.expect(try await store.read(one) == row, .current, "the row is read by its id")
                try run.expect(try await store.read(one.at(1)) == row, .current, "the row is read by its key")
                try run.expect(try await store.read(one.at(2)) == nil, .changes, "no other revision is there")
                for other in [try id("acm"), try id("acme", "open"), try id("acme", "openai", "other")] {
                    try run.expect(try await store.read(other) == nil, .changes, "no other id is there")
                }
            },
            Case("An insert is refused where the id has a row") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                try await run.write(.insert(one.at(2), sealed: sealedBytes(1)), to: store)
                for revision: UInt64 in [1, 2, 3] {
                    try await run.expectConflict(
                        over: one, "an insert over a row", in: store, changes: .insert(one.at(revision), sealed: []))
                }
                try run.expect(try await store.read(one)?.sealed == sealedBytes(1), .changes, "the row is unchanged")
            },
            Case("A rewrap exchanges the bytes of one row that carries the commitment") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                let (old, new, retained) = (sealedBytes(1), sealedBytes(2), sealedBytes(3))
                try await run.write(.insert(one.at(1), sealed: sealedBytes(0)), to: store)
                try await run.write(
                    .replace(one.at(2), sealed: old, replacing: 1, commitment: nil, retained: retained), to: store)

                try await run.write(.rewrap(one.at(2), sealed: new, commitment: commitment(of: old)), to: store)
                try run.expect(
                    try await store.read(one) == StoredRecord(key: one.at(2), sealed: new), .changes,
                    "the current row has the new bytes under its old revision")
                try await run.write(.rewrap(one.at(1), sealed: old, commitment: commitment(of: retained)), to: store)
                try run.expect(
                    try await store.read(one.at(1))?.sealed == old, .changes, "a retained row is rewrapped too")

                try await run.expectConflict(
                    over: one, "a rewrap over another commitment", in: store,
                    changes: .rewrap(one.at(2), sealed: old, commitment: commitment(of: old)))
                try await run.expectConflict(
                    over: one, "a rewrap of a revision that is not there", in: store,
                    changes: .rewrap(one.at(3), sealed: old, commitment: commitment(of: new)))
                try await run.expectConflict(
                    over: try id("none"), "a rewrap of an id that is not there", in: store,
                    changes: .rewrap(try id("none").at(2), sealed: old, commitment: commitment(of: new)))
                try run.expect(try await store.read(one)?.sealed == new, .changes, "a refused rewrap changes nothing")
            },
            Case("A commitment is not found in bytes that are too short to carry one") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                let short = sealedBytes(1, length: SealedRecord.commitmentRange.upperBound - 1)
                try await run.write(.insert(one.at(1), sealed: short), to: store)
                let tail = Array(short[SealedRecord.commitmentRange.lowerBound...])
                for given in [tail, tail + [0], [UInt8](repeating: 0, count: 32)] {
                    try await run.expectConflict(
                        over: one, "a rewrap of bytes without a commitment", in: store,
                        changes: .rewrap(one.at(1), sealed: [], commitment: given))
                }
            },
            Case("A delete removes every row of an id, and those of no other") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                let others = [try id("acm"), try id("acme2"), try id("acme", "openai", "b"), try id("acme", "openai2")]
                for one in others { try await run.write(.insert(one.at(1), sealed: []), to: store) }
                try await run.write(.insert(one.at(1), sealed: []), to: store)
                try await run.write(
                    .replace(one.at(2), sealed: [], replacing: 1, commitment: nil, retained: []), to: store)
                try await run.write(.delete(one, revision: 2), to: store)
                try run.expect(try await store.read(one) == nil, .changes, "the current row is gone")
                try run.expect(try await store.read(one.at(1)) == nil, .changes, "the retained row is gone")
                let left = try await run.allRows(.everything, of: store).map(\.id)
                try run.expect(left == others.sorted(), .changes, "all others are there")
            },
            Case("A delete with a revision is refused unless the current row is at it") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                try await run.expectConflict(
                    over: one, "deleting revision 1 of nothing", in: store, changes: .delete(one, revision: 1))
                try await run.write(.insert(one.at(1), sealed: []), to: store)
                try await run.write(
                    .replace(one.at(2), sealed: [], replacing: 1, commitment: nil, retained: []), to: store)
                for revision: UInt64 in [0, 1, 3] {
                    try await run.expectConflict(
                        over: one, "deleting revision \(revision) where the current is 2", in: store,
                        changes: .delete(one, revision: revision))
                }
                try run.expect(try await store.read(one.at(1)) != nil, .changes, "a refused delete changes nothing")
                try await run.write(.delete(one, revision: nil), .delete(one, revision: nil), to: store)
                try run.expect(try await store.read(one) == nil, .changes, "a delete without a revision takes any")
            },
            Case("One retained row is removed, the current never") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                try await run.write(
                    .deleteRetained(one.at(1)), .insert(one.at(1), sealed: []),
                    .replace(one.at(3), sealed: [], replacing: 1, commitment: nil, retained: []),
                    .replace(one.at(5), sealed: [], replacing: 3, commitment: nil, retained: []), to: store)
                try await run.expectConflict(
                    over: one, "removing the current row as a retained one", in: store,
                    changes: .deleteRetained(one.at(5)))
                for revision: UInt64 in [2, 4, 6] { try await run.write(.deleteRetained(one.at(revision)), to: store) }
                try await run.write(.deleteRetained(one.at(3)), to: store)
                let left = try await run.allRows(.everything, of: store).map(\.revision)
                try run.expect(left == [1, 5], .changes, "revisions 1 and 5 are left, not \(left)")
                try run.expect(try await store.readHead()?.revisionFloor == 0, .revisions, "the floor has not moved")
            },
            Case("Deleting a tenant removes its rows and nobody else's") { run in
                let store = try await run.created()
                let gone = [try id("acme"), try id("acme", "anthropic"), try id("acme", "openai", "b")]
                let kept = [try id("acm"), try id("acme "), try id("acme2"), try id("ACME"), try id("x", "acme")]
                for (revision, one) in zip(UInt64(1)..., gone + kept) {
                    try await run.write(.insert(one.at(revision), sealed: []), to: store)
                }
                try await run.write(
                    .replace(gone[0].at(7), sealed: [], replacing: 1, commitment: nil, retained: []),
                    .deleteTenant("acme"), .deleteTenant("nobody"), to: store)
                let left = try await run.allRows(.everything, of: store).map(\.id)
                try run.expect(left == kept.sorted(), .changes, "only the tenant's rows are gone; left are \(left)")
                try run.expect(
                    try await store.readHead()?.revisionFloor == 7, .revisions,
                    "the floor is the tenant's highest revision")
            },
        ]
    }
}
