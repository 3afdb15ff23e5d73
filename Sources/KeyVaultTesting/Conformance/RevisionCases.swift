import KeyVaultFormat
import KeyVaultStorage

extension StoreConformance {
    /// A revision of one id is never used twice.
    static var revisionCases: [Case] {
        [
            Case("A revision that was read before a delete never fits again") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                let stale = sealedBytes(1)
                try await run.write(.insert(one.at(1), sealed: stale), to: store)
                try await run.write(.delete(one, revision: 1), to: store)
                try await run.expectConflict(
                    over: one, "inserting a revision that was deleted", .revisions, in: store,
                    changes: .insert(one.at(1), sealed: sealedBytes(2)))
                try await run.write(.insert(one.at(2), sealed: sealedBytes(2)), to: store)
                try await run.expectConflict(
                    over: one, "a swap on a revision that was deleted", .revisions, in: store,
                    changes: .replace(one.at(3), sealed: [], replacing: 1, commitment: nil, retained: nil))
                try await run.expectConflict(
                    over: one, "a rewrap of a revision that was deleted", .revisions, in: store,
                    changes: .rewrap(one.at(1), sealed: [], commitment: commitment(of: stale)))
            },
            Case("The floor is the highest revision that was ever deleted, whoever had it") { run in
                let (store, one, two) = (try await run.created(), try id("acme"), try id("other"))
                try await run.write(
                    .insert(one.at(8), sealed: []), .insert(two.at(3), sealed: []), .delete(one, revision: nil),
                    to: store)
                try run.expect(try await store.readHead()?.revisionFloor == 8, .revisions, "the floor is 8")
                try await run.write(.delete(two, revision: nil), to: store)
                try run.expect(try await store.readHead()?.revisionFloor == 8, .revisions, "the floor never falls")
                for revision: UInt64 in [1, 4, 8] {
                    try await run.expectConflict(
                        over: two, "an insert at \(revision) under a floor of 8", .revisions, in: store,
                        changes: .insert(two.at(revision), sealed: []))
                }
                try await run.write(.insert(two.at(9), sealed: []), to: store)
                try run.expect(try await store.read(two)?.revision == 9, .revisions, "above the floor is accepted")
            },
            Case("A delete raises the floor by the current row, not by a retained one") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                try await run.write(
                    .insert(one.at(4), sealed: []),
                    .replace(one.at(6), sealed: [], replacing: 4, commitment: nil, retained: []),
                    .delete(one, revision: 6), to: store)
                try run.expect(try await store.readHead()?.revisionFloor == 6, .revisions, "the floor is 6")
            },
            Case("Revisions start at 1 and end at 2⁶³ − 1") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                try await run.expectConflict(
                    over: one, "revision 0", .revisions, in: store, changes: .insert(one.at(0), sealed: []))
                let last = WriteBatch.maximumRevision
                for beyond in [last + 1, UInt64.max] {
                    try await run.expectError(.invalid, .limits, "revision \(beyond)") {
                        try await run.write(.insert(one.at(beyond), sealed: []), to: store)
                    }
                }
                try await run.write(.insert(one.at(last), sealed: [1]), to: store)
                try run.expect(try await store.read(one)?.revision == last, .limits, "the last revision is stored")
                try run.expect(
                    try await store.scan(.everything, after: one.at(.max), limit: 9).isEmpty, .scan,
                    "nothing lies behind a cursor at the last number")
                try run.expect(try await store.read(one.at(.max)) == nil, .limits, "a key beyond reads as nil")
                try await run.write(.delete(one, revision: last), to: store)
                try run.expect(try await store.readHead()?.revisionFloor == last, .limits, "so is the floor")
            },
            Case("What is asked for beyond the last revision is never the row at the last one") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                let (last, sealed) = (WriteBatch.maximumRevision, sealedBytes(1))
                try await run.write(.insert(one.at(last), sealed: sealed), to: store)
                for beyond in [last + 1, UInt64.max] {
                    try await run.write(.deleteRetained(one.at(beyond)), to: store)
                    try await run.expectConflict(
                        over: one, "a delete at \(beyond)", .limits, in: store, changes: .delete(one, revision: beyond))
                    let refused: [(String, RecordChange)] = [
                        (
                            "a replacement by \(beyond)",
                            .replace(
                                one.at(beyond), sealed: [], replacing: last, commitment: nil, retained: nil)
                        ),
                        (
                            "a rewrap at \(beyond)",
                            .rewrap(one.at(beyond), sealed: [], commitment: commitment(of: sealed))
                        ),
                        ("a floor of \(beyond)", .raiseFloor(beyond)),
                    ]
                    for (what, change) in refused {
                        try await run.expectError(.invalid, .limits, what) { try await run.write(change, to: store) }
                    }
                }
                try run.expect(
                    try await store.read(one) == StoredRecord(key: one.at(last), sealed: sealed), .limits,
                    "the row at the last revision is as it was")
                try run.expect(try await store.readHead()?.revisionFloor == 0, .limits, "the floor is as it was")
            },
        ]
    }
}
