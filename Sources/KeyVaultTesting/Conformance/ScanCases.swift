import KeyVaultFormat
import KeyVaultStorage

extension StoreConformance {
    /// The order and the pages of every scope.
    static var scanCases: [Case] {
        [
            Case("Every scope gives its rows in the order of the names' bytes, whatever the page size") { run in
                let store = try await run.created()
                let rows = try await mixedRows(in: store, run)
                let scopes: [ScanScope] =
                    [.everything, .current]
                    + ["a", "a!", "é", "_vault", "nobody"].flatMap { tenant -> [ScanScope] in
                        [.currentOf(tenant: tenant), .everythingOf(tenant: tenant)]
                    }
                for scope in scopes {
                    let expected = rows.filter { row in
                        scope.includes(row.id)
                            && (!scope.isCurrentOnly
                                || !rows.contains { $0.id == row.id && $0.revision > row.revision })
                    }
                    for pageSize in [1, 2, 3, 7, 1_000] {
                        let came = try await run.allRows(scope, of: store, pageSize: pageSize)
                        try run.expect(
                            came == expected, .scan,
                            "\(scope) in pages of \(pageSize) must be \(expected.map(\.key)), and was \(came.map(\.key))"
                        )
                    }
                }
            },
            Case("A page starts at the first row behind the cursor, which need not exist") { run in
                let store = try await run.created()
                let rows = try await mixedRows(in: store, run)
                let cursors = rows.flatMap { [$0.key, $0.id.at(0), $0.id.at($0.revision + 1), $0.id.at(.max)] }
                for cursor in cursors {
                    let came = try await store.scan(.everything, after: cursor, limit: 1_000)
                    try run.expect(
                        came == rows.filter { cursor < $0.key }, .scan, "everything after \(cursor) is not complete")
                    let current = rows.filter { row in
                        cursor < row.key && ScanScope.current.includes(row.id)
                            && !rows.contains { $0.id == row.id && $0.revision > row.revision }
                    }
                    try run.expect(
                        try await store.scan(.current, after: cursor, limit: 1_000) == current, .scan,
                        "what is current after \(cursor) is not complete")
                }
                let two = try await store.scan(.current, after: try id("zz").at(1), limit: 2)
                try run.expect(two.count <= 2, .scan, "a page has at most its limit")
                for limit in [0, -1] {
                    try run.expect(
                        try await store.scan(.everything, after: nil, limit: limit).isEmpty, .scan,
                        "limit \(limit) is empty")
                }
            },
            Case("A page has its limit of rows, however long they are") { run in
                let store = try await run.created()
                let ids = try (100..<400).map { try id("acme", "p\($0)") }
                let longest = sealedBytes(1, length: SealedRecord.maximumLength)
                for start in stride(from: 0, to: ids.count, by: 50) {
                    let changes = ids[start..<start + 50].map { RecordChange.insert($0.at(1), sealed: longest) }
                    try await store.write(WriteBatch(generation: 1, changes: changes))
                }
                // As many as the engine asks for, about 17 MB.
                let page = try await store.scan(.everything, after: nil, limit: 257)
                try run.expect(
                    page.map(\.id) == Array(ids.prefix(257)), .scan,
                    "a page of 257 of 300 rows had \(page.count): a page is shorter than its limit only at the end")
                let rest = try await store.scan(.currentOf(tenant: "acme"), after: ids[256].at(1), limit: 257)
                try run.expect(rest.map(\.id) == Array(ids.suffix(43)), .scan, "the rest is not complete")
            },
            Case("A cursor of another tenant does not lead a scan of one tenant astray") { run in
                let store = try await run.created()
                _ = try await mixedRows(in: store, run)
                let all = try await run.allRows(.everythingOf(tenant: "a"), of: store)
                try run.expect(
                    try await store.scan(.everythingOf(tenant: "a"), after: try id("A").at(1), limit: 99) == all, .scan,
                    "a cursor before the tenant gives all of it")
                for scope: ScanScope in [.everythingOf(tenant: "a"), .currentOf(tenant: "a")] {
                    try run.expect(
                        try await store.scan(scope, after: try id("b").at(1), limit: 99).isEmpty, .scan,
                        "a cursor behind the tenant gives nothing")
                }
            },
            Case("A row that stays is seen once by a scan among writers") { run in
                let store = try await run.created()
                let stays = try (0..<50).map { try id("stays", "p\($0)") }.sorted()
                for one in stays { try await run.write(.insert(one.at(1), sealed: []), to: store) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for round in UInt64(1)...20 {
                            let one = try id("goes", "p\(round)")
                            try await run.write(.insert(one.at(round * 2), sealed: []), to: store)
                            try await run.write(.delete(one, revision: nil), to: store)
                        }
                    }
                    group.addTask {
                        for _ in 0..<10 {
                            let seen = try await run.allRows(.current, of: store, pageSize: 7).map(\.id)
                            try run.expect(
                                seen.filter(stays.contains) == stays, .scan, "a row was missed or seen twice")
                        }
                    }
                    try await group.waitForAll()
                }
            },
        ]
    }

    /// Rows whose order tells bytes from letters, lengths, separators and UTF-16 units; all of them, in their order.
    private static func mixedRows(in store: any RecordStore, _ run: ConformanceRun) async throws -> [StoredRecord] {
        let tenants = [
            "a", "a!", "a0", "A", "B", "b", "é", "e\u{301}", "\u{FFFD}", "😀", "_vault", "_", "_z", "^", "`", "ä", "Z",
            " ",
        ]
        var rows: [StoredRecord] = []
        for (number, tenant) in zip(UInt64(1)..., tenants) {
            for (provider, label) in [("z", "a"), ("a", "z"), ("a", "zz"), ("a!", "a")] {
                let one = try id(tenant, provider, label)
                rows.append(StoredRecord(key: one.at(1), sealed: sealedBytes(number)))
                if provider == "a" { rows.append(StoredRecord(key: one.at(300), sealed: sealedBytes(number + 1_000))) }
            }
        }
        for row in rows.shuffled() where row.revision == 1 {
            try await run.write(.insert(row.key, sealed: row.sealed), to: store)
        }
        for row in rows.shuffled() where row.revision == 300 {
            let retained = rows.first { $0.id == row.id && $0.revision == 1 }?.sealed
            try await run.write(
                .replace(row.key, sealed: row.sealed, replacing: 1, commitment: nil, retained: retained), to: store)
        }
        return rows.sorted { $0.key < $1.key }
    }
}
