import Foundation
import KeyVault
import KeyVaultCrypto
import KeyVaultFormat
import Testing

@Suite("Vectors: records") struct RecordVectorTests {
    private static let created = Date(timeIntervalSince1970: 1_700_000_000)
    private static let later = Date(timeIntervalSince1970: 1_795_392_000.789)
    private static let key = Array("sk-proj-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH".utf8)

    private struct Sample {
        let name: String
        let request: RecordRequest
        let metadata: Metadata
        let secret: [UInt8]
        var random: [UInt8]?
    }

    private static let plain = Metadata(created: created, updated: created)
    private static let full = Metadata(
        created: created, updated: later, lastValidated: later, verdict: .valid, state: .enabled, order: 258,
        expires: Date(timeIntervalSince1970: 1_900_000_000), hint: Hint(Array("sk-EFGH".utf8).span))

    private static let samples: [Sample] = [
        Sample(name: "the shortest secret", request: RecordRequest(), metadata: plain, secret: [0x78]),
        Sample(
            name: "a key with all of its metadata", request: RecordRequest { $0.revision = 2 }, metadata: full,
            secret: key),
        Sample(
            name: "a tenant with a composed accent", request: RecordRequest { $0.tenant = "caf\u{E9}" },
            metadata: plain,
            secret: key),
        Sample(
            name: "a tenant with a combining accent", request: RecordRequest { $0.tenant = "cafe\u{301}" },
            metadata: plain,
            secret: key),
        Sample(
            name: "disabled until a time", request: RecordRequest { $0.label = "ci" },
            metadata: Metadata(
                created: created, updated: later, verdict: .rateLimited, state: .disabled(.coolingDown, until: later)),
            secret: key),
        Sample(
            name: "disabled for good", request: RecordRequest { $0.label = "ci" },
            metadata: Metadata(
                created: created, updated: later, verdict: .invalid, state: .disabled(.rejected, until: nil)),
            secret: key),
        Sample(
            name: "a retained row",
            request: RecordRequest {
                $0.revision = 2
                $0.kind = .retained
            },
            metadata: Metadata(created: created, updated: later, retainedUntil: later + 86_400), secret: key),
        Sample(
            name: "64 bytes, no padding", request: RecordRequest(), metadata: plain,
            secret: VectorKeys.bytes(64, seed: 20)),
        Sample(
            name: "65 bytes, one block more", request: RecordRequest(), metadata: plain,
            secret: VectorKeys.bytes(65, seed: 21)),
        Sample(
            name: "the longest names and the last revision",
            request: RecordRequest {
                $0.tenant = String(repeating: "t", count: 255)
                $0.provider = String(repeating: "p", count: 255)
                $0.label = String(repeating: "l", count: 255)
                $0.revision = UInt64(Int64.max)
            }, metadata: plain, secret: key),
        Sample(
            name: "a record of the vault's own", request: RecordRequest { $0.tenant = "_vault" }, metadata: plain,
            secret: key),
        Sample(
            name: "a random generator that failed", request: RecordRequest(), metadata: plain, secret: [0x79],
            random: [UInt8](repeating: 0, count: 32)),
    ]

    @Test func match() throws {
        var sealed: [VectorCase] = []
        var rewrapped: [VectorCase] = []
        for (index, sample) in Self.samples.enumerated() {
            let steps = try seal(sample, seed: UInt64(100 + index))
            try checkEngine(sample, steps)
            sealed.append(VectorCase(sample.name, try fields(sample, steps)))
            guard index < 7 else { continue }
            rewrapped.append(try rewrap(sample, steps))
        }
        try VectorFile(name: "records.json").check(
            "SPEC.md section 4",
            [("sealed", sealed), ("rewrapped", rewrapped), ("refused", try RefusedRecords().cases())])
    }

    private func seal(_ sample: Sample, seed: UInt64) throws -> SealedSteps {
        try SealedSteps(
            sample.request, random: sample.random ?? VectorKeys.bytes(32, seed: seed),
            plaintext: SealedSteps.plaintext(sample.metadata, kind: sample.request.kind, secret: sample.secret))
    }

    /// The engine computes the same, and opens it again.
    private func checkEngine(_ sample: Sample, _ steps: SealedSteps) throws {
        let (request, record) = (sample.request, try steps.record)
        let engine = try request.envelope.seal(
            sample.metadata, secret: sample.secret.span, as: request.key, kind: request.kind,
            under: MasterKey(copying: request.masterKey.span), random: steps.random)
        #expect(engine.encoded == record, "\(sample.name)")
        let opened = try request.envelope.open(
            SealedRecord(record), as: request.key, kind: request.kind, under: MasterKey(copying: request.masterKey.span)
        )
        let metadata = opened.metadata
        #expect(metadata == sample.metadata)
        #expect(try request.open(record) == sample.secret)
    }

    private func fields(_ sample: Sample, _ steps: SealedSteps) throws -> [(String, JSON)] {
        let metadata = sample.metadata
        // As they are in the bytes.
        let header = steps.plaintext
        func time(_ offset: Int) -> JSON {
            .number(header[offset..<(offset + 8)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
        }
        let metadataFields: [(String, JSON)] = [
            ("state", .number(UInt64(header[1]))), ("reason", .number(UInt64(header[2]))),
            ("verdict", .number(UInt64(metadata.verdict.rawValue))), ("order", .number(UInt64(metadata.order))),
            ("hint", .bytes(metadata.hint?.bytes ?? [])), ("created", time(24)), ("updated", time(32)),
            ("validated", time(40)), ("expires", time(48)), ("until", time(56)), ("secret", .bytes(sample.secret)),
        ]
        let stepFields: [(String, JSON)] = [
            ("key_id", .bytes(try steps.keyID)), ("context", .bytes(try sample.request.context)),
            ("wrap_context", .bytes(try sample.request.wrapContext)), ("plaintext", .bytes(steps.plaintext)),
            ("dek", .bytes(steps.dataKey)),
        ]
        let results: [(String, JSON)] = [
            ("ciphertext", .bytes(steps.ciphertext)), ("record", .bytes(try steps.record)),
        ]
        let inputs = sample.request.fields + [("random", .bytes(steps.random))]
        return inputs + metadataFields + stepFields + steps.wrap.fields + results
    }

    private func rewrap(_ sample: Sample, _ steps: SealedSteps) throws -> VectorCase {
        let (request, new) = (sample.request, VectorKeys.newMasterKey)
        let (wrap, record) = try steps.rewrapped(to: new)
        let engine = try request.envelope.rewrap(
            SealedRecord(steps.record), as: request.key, from: MasterKey(copying: request.masterKey.span),
            to: MasterKey(copying: new.span))
        #expect(engine.encoded == record, "\(sample.name)")
        var reader = request
        reader.masterKey = new
        #expect(try reader.open(record) == sample.secret)
        return VectorCase(
            "\(sample.name), rewrapped",
            [
                ("of", .text(sample.name)), ("master_key", .bytes(new)), ("key_id", .bytes(try VectorKeys.id(new))),
            ] + wrap.fields + [("record", .bytes(record))])
    }
}
