import Foundation
import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage
import Testing

@testable import KeyVault

@Suite("Vectors: headers") struct HeaderVectorTests {
    @Test func match() async throws {
        let slot = try SlotSteps(SlotRequest())
        let second = try SlotSteps(
            SlotRequest {
                $0.seed = 62; $0.passphrase = Array("\u{43A}\u{43B}\u{44E}\u{447}".utf8)
            })
        let samples = try [
            HeaderSample("a new vault", keys: [VectorKeys.masterKey]),
            HeaderSample("between add and activate", keys: [VectorKeys.masterKey, VectorKeys.newMasterKey]) {
                $0.generation = 2
            },
            HeaderSample(
                "between activate and retire", keys: [VectorKeys.masterKey, VectorKeys.newMasterKey], active: 1
            ) {
                $0.generation = 3
            },
            HeaderSample(
                "after a rotation", keys: [VectorKeys.oldMasterKey, VectorKeys.masterKey], active: 1, retired: [0]
            ) {
                $0.generation = UInt64(Int64.max)
            },
            HeaderSample("with two passphrases", keys: [VectorKeys.masterKey]) { $0.slots = [slot.slot, second.slot] },
        ]
        var accepted: [VectorCase] = []
        for (index, sample) in samples.enumerated() {
            try sample.checkEngine()
            accepted.append(VectorCase(sample.name, try sample.fields(slots: index == 4 ? [slot, second] : [])))
        }
        try VectorFile(name: "headers.json").check(
            "SPEC.md section 5",
            [
                ("accepted", accepted), ("refused", try RefusedHeaders(slot: slot).cases()),
                ("refused_slots", try await RefusedSlots(slot: slot).cases()),
            ])
    }
}

/// A header, its keys, and every step on the way to it.
struct HeaderSample {
    let name: String
    let masterKeys: [[UInt8]]
    let header: VaultHeader

    init(
        _ name: String, keys: [[UInt8]], active: Int = 0, retired: Set<Int> = [],
        change: (inout VaultHeader) -> Void = { _ in }
    ) throws {
        self.name = name
        let ids = try keys.map { try MasterKeyID(VectorKeys.id($0)) }
        var header = VaultHeader(
            vaultID: try VaultID(VectorKeys.vaultID), generation: 1, activeKeyID: ids[active],
            keys: ids.indices.map { index in
                VaultHeader.Key(
                    id: ids[index], state: retired.contains(index) ? .retired : .live,
                    added: Date(timeIntervalSince1970: 1_700_000_000 + Double(index)))
            })
        change(&header)
        self.header = header
        masterKeys = keys.indices.filter { !retired.contains($0) }.map { keys[$0] }
    }

    var codes: [[UInt8]] { get throws { try masterKeys.map { try Steps.hash($0, .header, header.body, length: 32) } } }
    var bytes: [UInt8] { get throws { header.body + (try codes.flatMap { $0 }) } }

    static func ring(_ keys: [[UInt8]]) throws -> MasterKeyRing {
        let first = keys[0]
        var ring = MasterKeyRing(try MasterKey(copying: first.span))
        for key in keys.dropFirst() { ring.add(try MasterKey(copying: key.span)) }
        return ring
    }

    func checkEngine() throws {
        let ring = try Self.ring(masterKeys)
        let bytes = try bytes
        #expect(try ring.authenticate(header).encoded == bytes, "\(name)")
        let head = StoreHead(header: bytes, generation: header.generation, revisionFloor: 0)
        #expect(try ring.verify(head) == header, "\(name)")
    }

    func fields(slots: [SlotSteps]) throws -> [(String, JSON)] {
        let keys = header.keys.map { key in
            JSON.object([
                ("id", .bytes(key.id.bytes)), ("state", .number(UInt64(key.state.rawValue))),
                ("added", .number(Timestamp(key.added).milliseconds)),
            ])
        }
        return [
            ("master_keys", .list(masterKeys.map { .bytes($0) })), ("vault_id", .bytes(header.vaultID.bytes)),
            ("generation", .number(header.generation)), ("minimum_suite", .number(1)),
            ("active_key_id", .bytes(header.activeKeyID.bytes)), ("keys", .list(keys)),
            ("slots", .list(slots.map { .object($0.fields) })), ("body", .bytes(header.body)),
            ("codes", .list(try codes.map { .bytes($0) })), ("header", .bytes(try bytes)),
        ]
    }
}
