import KeyVaultFormat
import KeyVaultStorage

extension StoreConformance {
    /// Many tasks at once: nothing is lost, nothing is torn.
    static var contentionCases: [Case] {
        [
            Case("Of many inserts of one id at once one succeeds") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                let winners = try await concurrently(32) { number in
                    try await accepted(.insert(one.at(1), sealed: sealedBytes(UInt64(number))), by: store, run)
                        ? number : nil
                }
                try run.expect(winners.count == 1, .atomic, "\(winners.count) of 32 inserts succeeded")
                try run.expect(
                    try await store.read(one)?.sealed == winners.first.map { sealedBytes(UInt64($0)) }, .atomic,
                    "the row is the winner's")
            },
            Case("Compare-and-swap under contention loses no update") { run in
                let store = try await run.created()
                try await countUp(by: 8, rounds: 10, through: { _ in store }, run)
            },
            Case("A refused batch does not harm those that are written at the same time") { run in
                let store = try await run.created()
                let taken = try id("taken")
                try await run.write(.insert(taken.at(1), sealed: []), to: store)
                let written = try await concurrently(64) { number in
                    let one = try id("acme", "p\(number)")
                    var changes: [RecordChange] = [.insert(one.at(1), sealed: sealedBytes(UInt64(number)))]
                    if number.isMultiple(of: 3) { changes.append(.insert(taken.at(1), sealed: [])) }
                    do throws(StoreError) {
                        try await store.write(WriteBatch(generation: 1, changes: changes))
                        return one
                    } catch {
                        try run.expect(
                            error.code == .conflict && error.conflictingID == taken && number.isMultiple(of: 3),
                            .atomic,
                            "batch \(number) was refused: \(error)")
                        return nil
                    }
                }
                let rows = try await run.allRows(.currentOf(tenant: "acme"), of: store).map(\.id)
                try run.expect(rows == written.sorted(), .atomic, "what was acknowledged is there, and nothing else")
                try run.expect(rows.count == 42, .atomic, "42 of 64 batches were to succeed, and \(rows.count) did")
            },
            Case("A page is one point in time: a batch is seen wholly or not at all") { run in
                let (store, ids) = (try await run.created(), try ["a", "b", "c"].map { try id("acme", $0) })
                try await store.write(WriteBatch(generation: 1, changes: ids.map { .insert($0.at(1), sealed: []) }))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for revision: UInt64 in 2...40 {
                            try await store.write(
                                WriteBatch(
                                    generation: 1,
                                    changes: ids.map {
                                        .replace(
                                            $0.at(revision), sealed: [], replacing: revision - 1, commitment: nil,
                                            retained: nil)
                                    }))
                        }
                    }
                    group.addTask {
                        var last: UInt64 = 1
                        while last < 40, !Task.isCancelled {
                            let page = try await store.scan(.current, after: nil, limit: 9).map(\.revision)
                            try run.expect(page.count == 3 && Set(page).count == 1, .atomic, "a page was torn: \(page)")
                            try run.expect(page[0] >= last, .current, "\(page[0]) came behind \(last)")
                            last = page[0]
                            await Task.yield()
                        }
                    }
                    try await group.waitForAll()
                }
            },
            Case("A read that begins after a write has returned sees it") { run in
                let store = try await run.created()
                _ = try await concurrently(8) { number in
                    let one = try id("acme", "p\(number)")
                    try await run.write(.insert(one.at(1), sealed: []), to: store)
                    for revision: UInt64 in 2...20 {
                        try await run.write(
                            .replace(
                                one.at(revision), sealed: [], replacing: revision - 1, commitment: nil, retained: nil),
                            to: store)
                        try run.expect(try await store.read(one)?.revision == revision, .current, "a read came too old")
                    }
                    return nil as Int?
                }
            },
            Case("A cancelled write has happened or it has not") { run in
                let store = try await run.created()
                let outcomes = try await concurrently(40) { number in
                    let one = try id("acme", "p\(number)")
                    let task = Task { try await run.write(.insert(one.at(1), sealed: []), to: store) }
                    if number.isMultiple(of: 2) { await Task.yield() }
                    task.cancel()
                    do {
                        try await task.value
                        return (one, true)
                    } catch let error as StoreError {
                        try run.expect(error.code == .cancelled, .cancellation, "it must throw cancelled, not \(error)")
                        return (one, false)
                    }
                }
                for (one, returned) in outcomes {
                    try run.expect(
                        try await store.read(one) != nil ? returned : !returned, .cancellation,
                        "a write that \(returned ? "returned" : "threw cancelled") is \(returned ? "absent" : "there")")
                }
                try await run.write(.insert(try id("after").at(1), sealed: []), to: store)
            },
        ]
    }

    /// `tasks` tasks raise one record's revision `rounds` times each; every step must be kept.
    static func countUp(
        by tasks: Int, rounds: Int, through store: @escaping @Sendable (Int) -> any RecordStore, _ run: ConformanceRun
    ) async throws {
        let one = try id("counter")
        try await run.write(.insert(one.at(1), sealed: sealedBytes(1)), to: store(0))
        _ = try await concurrently(tasks) { number in
            let store = store(number)
            var left = rounds
            while left > 0 {
                guard let row = try await store.read(one) else {
                    try run.expect(false, .atomic, "the record is missing")
                    return nil as Int?
                }
                let next = row.revision + 1
                let change = RecordChange.replace(
                    one.at(next), sealed: sealedBytes(next), replacing: row.revision,
                    commitment: commitment(of: row.sealed),
                    retained: nil)
                if try await accepted(change, by: store, run) { left -= 1 }
            }
            return nil
        }
        let last = try await store(0).read(one)
        let expected = UInt64(tasks * rounds + 1)
        try run.expect(
            last == StoredRecord(key: one.at(expected), sealed: sealedBytes(expected)), .atomic,
            "\(tasks * rounds) swaps were acknowledged, and the revision is \(last?.revision ?? 0)")
    }

    /// Whether the store takes a change, where a conflict is the only other outcome that is allowed.
    private static func accepted(
        _ change: RecordChange, by store: any RecordStore, _ run: ConformanceRun
    ) async throws -> Bool {
        do throws(StoreError) {
            try await store.write(WriteBatch(generation: 1, changes: [change]))
            return true
        } catch {
            try run.expect(error.code == .conflict, .atomic, "the losers get conflict, not \(error)")
            return false
        }
    }

    /// What `body` gives for each of 0 up to `count`, all at once.
    static func concurrently<Result: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Result?
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: Result?.self) { group in
            for number in 0..<count { group.addTask { try await body(number) } }
            return try await group.reduce(into: []) { all, one in if let one { all.append(one) } }
        }
    }
}
