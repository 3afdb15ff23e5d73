import KeyVault
import KeyVaultCrypto
import KeyVaultFormat
import Testing

@Suite("Interop: records", .enabled(if: Python.isThere, Python.notice)) struct RecordInteropTests {
    private struct Rows: Codable { var records: [InteropRow] }
    private struct Opened: Decodable { var records: [InteropRow.Contents] }
    private struct Sealed: Decodable { var records: [HexBytes] }
    private struct Rewrap: Encodable {
        var newKey: HexBytes
        var records: [InteropRow]
    }

    let rows: [InteropRow]

    init() throws {
        rows = try InteropSamples.rows(1000).map { row in
            var row = row
            row.masterKey = HexBytes(bytes: VectorKeys.masterKey)
            row.vaultID = HexBytes(bytes: VectorKeys.vaultID)
            return row
        }
    }

    @Test func pythonOpensWhatSwiftSealed() async throws {
        let sealed = try rows.map { row in
            var request = row
            (request.metadata, request.secret) = (nil, nil)
            request.record = HexBytes(bytes: try row.sealed())
            return request
        }
        let opened: Opened = try await Python.run("open", Rows(records: sealed))
        #expect(opened.records.count == 1000)
        let expected = rows.map(\.contents)
        for (index, contents) in opened.records.enumerated() where contents != expected[index] {
            Issue.record("record \(index) opened as something else")
        }
    }

    @Test func swiftOpensAndRewrapsWhatPythonSealed() async throws {
        let sealed: Sealed = try await Python.run("seal", Rows(records: rows))
        #expect(sealed.records.count == 1000)
        var records = rows
        for index in rows.indices {
            records[index].record = sealed.records[index]
            let opened = try records[index].opened()
            if opened != rows[index].contents { Issue.record("record \(index) opened as something else") }
        }
        // A rewrap has no randomness: both sides must give the same bytes.
        let rewrapped: Sealed = try await Python.run(
            "rewrap", Rewrap(newKey: HexBytes(bytes: VectorKeys.newMasterKey), records: records))
        let envelope = Envelope(vaultID: try VaultID(VectorKeys.vaultID))
        let (oldBytes, newBytes) = (VectorKeys.masterKey, VectorKeys.newMasterKey)
        let old = try MasterKey(copying: oldBytes.span)
        let new = try MasterKey(copying: newBytes.span)
        for (record, other) in zip(records, rewrapped.records) {
            let own = try envelope.rewrap(SealedRecord(record.record?.bytes ?? []), as: record.key, from: old, to: new)
            if own.encoded != other.bytes { Issue.record("\(try record.id) was rewrapped as something else") }
        }
    }

    /// The vectors, and the rules that need none, in the other implementation.
    @Test func pythonsOwnTestsPass() async throws {
        try await Python.run(["-m", "unittest"])
    }
}
