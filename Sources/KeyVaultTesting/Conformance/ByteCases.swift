import KeyVaultFormat
import KeyVaultStorage

extension StoreConformance {
    /// Names are their bytes, and sealed bytes are any bytes.
    static var byteCases: [Case] {
        [
            Case("Two names that differ only in their Unicode normal form are two") { run in
                let store = try await run.created()
                let forms = ["caf\u{E9}", "cafe\u{301}"]
                let ids =
                    try forms.map { try id($0) } + forms.map { try id("t", $0) } + forms.map { try id("t", "p", $0) }
                for (revision, one) in zip(UInt64(1)..., ids) {
                    try await run.write(.insert(one.at(revision), sealed: sealedBytes(revision)), to: store)
                }
                for (revision, one) in zip(UInt64(1)..., ids) {
                    let row = StoredRecord(key: one.at(revision), sealed: sealedBytes(revision))
                    try run.expect(try await store.read(one) == row, .bytes, "each form has its own row")
                    try run.expect(try await store.read(row.key) == row, .bytes, "each form has its own key")
                }
                let rows = try await run.allRows(.everything, of: store)
                try run.expect(
                    rows.map(\.id) == ids.sorted(), .bytes, "a scan gives the bytes back as they were stored")
                for (form, one) in zip(forms, ids) {
                    let mine = try await run.allRows(.currentOf(tenant: form), of: store).map(\.id)
                    try run.expect(mine == [one], .bytes, "the tenant in one form does not see the other's rows")
                }
                try await run.write(.deleteTenant(forms[0]), to: store)
                try run.expect(try await store.read(ids[0]) == nil, .bytes, "the tenant in one form is gone")
                try run.expect(try await store.read(ids[1]) != nil, .bytes, "the tenant in the other form is not")
            },
            Case("Letters of two cases, wildcards, quotes and the longest names are names like any other") { run in
                let store = try await run.created()
                let names = [
                    "a", "A", "%", "_", "__", "a%", "'", "\"", "';--", "\\", "*", "?", "[a]", ".", "..", "NULL", "0",
                    "00", "0.0",
                    " ", "a ", String(repeating: "x", count: 255), String(repeating: "😀", count: 63), "\u{FEFF}",
                    "\u{10FFFF}",
                ]
                let ids = try names.map { try id($0, "p" + $0.prefix(9), $0) }
                for (revision, one) in zip(UInt64(1)..., ids) {
                    try await run.write(.insert(one.at(revision), sealed: sealedBytes(revision)), to: store)
                }
                for (revision, (name, one)) in zip(UInt64(1)..., zip(names, ids)) {
                    try run.expect(try await store.read(one)?.revision == revision, .bytes, "\(name) is read back")
                    let mine = try await run.allRows(.everythingOf(tenant: name), of: store).map(\.id)
                    try run.expect(mine == [one], .bytes, "the rows of tenant \(name) are its own")
                }
                for one in ids { try await run.write(.delete(one, revision: nil), to: store) }
                try run.expect(try await run.allRows(.everything, of: store).isEmpty, .bytes, "each is deleted")
            },
            Case("Sealed bytes come back as they were, from none to the longest") { run in
                let store = try await run.created()
                let lengths = [0, 1, 87, 88, 89, 412, 4_095, 4_096, 4_097, 65_536, SealedRecord.maximumLength]
                let bodies =
                    lengths.map { sealedBytes(UInt64($0), length: $0) } + [
                        [0], [0, 0, 0], Array("NULL".utf8), Array(0...255),
                    ]
                for (number, body) in zip(UInt64(1)..., bodies) {
                    let one = try id("acme", "p\(number)")
                    try await run.write(.insert(one.at(1), sealed: body), to: store)
                    try run.expect(
                        try await store.read(one)?.sealed == body, .bytes, "\(body.count) bytes are read back")
                    try await run.write(
                        .replace(one.at(2), sealed: [1], replacing: 1, commitment: nil, retained: body), to: store)
                    try run.expect(
                        try await store.read(one.at(1))?.sealed == body, .bytes, "so they are where retained")
                }
                let pages = try await run.allRows(.everything, of: store, pageSize: 3)
                try run.expect(
                    pages.filter { $0.revision == 1 }.map(\.sealed).sorted(by: shorter) == bodies.sorted(by: shorter),
                    .bytes, "a scan gives them too")
            },
            Case("Bytes beyond the longest sealed record or header are refused and change nothing") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                let long = [UInt8](repeating: 1, count: SealedRecord.maximumLength + 1)
                try await run.write(.insert(one.at(1), sealed: sealedBytes(1)), to: store)
                for change: RecordChange in [
                    .insert(try id("b").at(1), sealed: long),
                    .replace(one.at(2), sealed: long, replacing: 1, commitment: nil, retained: nil),
                    .replace(one.at(2), sealed: [], replacing: 1, commitment: nil, retained: long),
                    .rewrap(one.at(1), sealed: long, commitment: commitment(of: sealedBytes(1))),
                ] {
                    try await run.expectError(.invalid, .limits, "a change that is too long") {
                        try await run.write(change, to: store)
                    }
                }
                let header = [UInt8](repeating: 1, count: StoreHead.maximumHeaderLength + 1)
                try await run.expectError(.invalid, .limits, "a header that is too long") {
                    try await store.write(WriteBatch(generation: 1, header: header))
                }
                let rows = try await run.allRows(.everything, of: store)
                try run.expect(
                    rows == [StoredRecord(key: one.at(1), sealed: sealedBytes(1))], .limits, "the rows changed")
                try await store.write(WriteBatch(generation: 1, header: Array(header.dropLast())))
                try run.expect(
                    try await store.readHead()?.header.count == header.count - 1, .limits, "the longest fits")
            },
        ]
    }
}

private func shorter(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count ? left.lexicographicallyPrecedes(right) : left.count < right.count
}
