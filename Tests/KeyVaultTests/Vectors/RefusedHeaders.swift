import KeyVaultFormat
import KeyVaultStorage
import Testing

@testable import KeyVault

/// Headers that must not be believed: one for each rejection of SPEC.md sections 5.1 to 5.4.
struct RefusedHeaders {
    let slot: SlotSteps
    private let sample: HeaderSample
    private let two: HeaderSample

    init(slot: SlotSteps) throws {
        self.slot = slot
        // Key 0 (offset 56) is retired, key 1 (offset 88) live and active, the slot lies at 120, the code at 296.
        sample = try HeaderSample(
            "", keys: [VectorKeys.oldMasterKey, VectorKeys.masterKey], active: 1, retired: [0]
        ) {
            $0.generation = 3
            $0.slots = [slot.slot]
        }
        two = try HeaderSample("", keys: [VectorKeys.masterKey, VectorKeys.newMasterKey]) { $0.generation = 3 }
    }

    func cases() throws -> [VectorCase] { try layout() + keysAndSlots() + codes() }

    private func layout() throws -> [VectorCase] {
        let length = try sample.bytes.count
        return try [0, 3, 4, 7, 8, 23, 31, 47, 55, 56, 87, 119, 120, 295, 296, length - 1].map { cut in
            try changed(
                "only \(cut) bytes", section: cut > 119 && cut < 296 ? "5.3" : cut > 55 && cut < 120 ? "5.2" : "5.1"
            ) {
                $0 = Array($0[..<cut])
            }
        } + [
            try changed("a byte too many") { $0.append(0) },
            try changed("longer than the longest header") { $0 += [UInt8](repeating: 0, count: 6969 - $0.count) },
            try changed("another magic") { $0[2] = 0x58 },
            try changed("format version 2", section: "8") { $0[4] = 2 },
            try changed("minimum suite 0", section: "3.1") { $0[5] = 0 },
            try changed("minimum suite 2", section: "3.1") { $0[5] = 2 },
            try changed("zero field at 6") { $0[6] = 1 },
            try changed("zero field at 55") { $0[55] = 1 },
            try changed("generation 0") { $0[31] = 0 },
            try changed("generation 2^63") { $0[24] = 0x80 },
            try changed("no keys") { $0[49] = 0 },
            try changed("65 keys") { $0[49] = 65 },
            try changed("17 slots") { $0[51] = 17 },
        ]
    }

    private func keysAndSlots() throws -> [VectorCase] {
        let zeros = [UInt8](repeating: 0, count: 16)
        let (old, live) = (sample.header.keys[0].id.bytes, sample.header.keys[1].id.bytes)
        return try [
            changed("key state 0", section: "5.2") { $0[72] = 0 },
            changed("key state 3", section: "5.2") { $0[72] = 3 },
            changed("zero field of a key", section: "5.2") { $0[79] = 1 },
            changed("no time at which a key was added", section: "5.2") {
                $0.replaceSubrange(80..<88, with: zeros[..<8])
            },
            changed("a time beyond the year 9999", section: "1") { $0[80] = 1 },
            changed("a key listed twice", section: "5.2") { $0.replaceSubrange(56..<72, with: live) },
            changed("an active key that is not listed", section: "5.2") { $0.replaceSubrange(32..<48, with: zeros) },
            changed("an active key that is retired", section: "5.2") { $0.replaceSubrange(32..<48, with: old) },
            changed("a slot of a retired key", section: "5.3") { $0.replaceSubrange(120..<136, with: old) },
            changed("a slot of a key that is not listed", section: "5.3") {
                $0.replaceSubrange(120..<136, with: zeros)
            },
            changed("slot algorithm 0", section: "5.3") { $0[136] = 0 },
            changed("slot algorithm 2", section: "5.3") { $0[136] = 2 },
            changed("zero field of a slot at 17", section: "5.3") { $0[137] = 1 },
            changed("zero field of a slot at 48", section: "5.3") { $0[168] = 1 },
            changed("1 pass", section: "5.3") { $0[143] = 1 },
            changed("65 passes", section: "5.3") { $0[143] = 65 },
            changed("memory below 64 MiB", section: "5.3") {
                $0.replaceSubrange(144..<152, with: Self.number((64 << 20) - 1024))
            },
            changed("memory above 4 GiB", section: "5.3") {
                $0.replaceSubrange(144..<152, with: Self.number((4 << 30) + 1024))
            },
            changed("memory of no whole KiB", section: "5.3") {
                $0.replaceSubrange(144..<152, with: Self.number((64 << 20) + 1))
            },
        ]
    }

    private func codes() throws -> [VectorCase] {
        let length = try sample.bytes.count
        let code = try sample.codes[0]
        let both = try two.codes
        let forged = two.header.body + both[0] + both[0]
        let body = two.header.body
        return try [
            changed("one bit of the code", code: true) { $0[length - 1] ^= 1 },
            changed("one bit of the vault id", code: true) { $0[8] ^= 1 },
            changed("a generation that was raised", code: true, storeGeneration: 4) { $0[31] = 4 },
            changed("a time that was changed", code: true) { $0[87] ^= 1 },
            changed("a retired key brought back to life", code: true) {
                $0[72] = 1
                $0 += code
            },
            changed("a slot whose costs were changed", code: true) { $0[143] = 3 },
            changed("another generation than the store's", code: true, storeGeneration: 2) { _ in },
            changed("an older header", code: true, storeGeneration: 4) { _ in },
            refused("no code of the second live key", section: "5.1", two, body + both[0], isFormat: true),
            refused("the code of the first live key twice", section: "5.1", two, forged, isFormat: false),
            refused("the codes in the other order", section: "5.1", two, body + both[1] + both[0], isFormat: false),
        ]
    }

    private static func number(_ value: UInt64) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(bigEndian: value)
        return bytes
    }

    private func changed(
        _ name: String, section: String = "5.1", code: Bool = false, storeGeneration: UInt64 = 3,
        _ change: (inout [UInt8]) -> Void
    ) throws -> VectorCase {
        var bytes = try sample.bytes
        change(&bytes)
        return try refused(
            name, section: section, sample, bytes, isFormat: !code, storeGeneration: storeGeneration)
    }

    /// The case, after a look that the engine refuses it as it says.
    private func refused(
        _ name: String, section: String, _ sample: HeaderSample, _ bytes: [UInt8], isFormat: Bool,
        storeGeneration: UInt64 = 3
    ) throws -> VectorCase {
        // The old key too, as one who has not yet put it away would have it.
        let keys = sample.masterKeys + [VectorKeys.oldMasterKey]
        let head = StoreHead(header: bytes, generation: storeGeneration, revisionFloor: 0)
        let ring = try HeaderSample.ring(keys)
        let error = #expect(throws: VaultError.self, "\(name)") { _ = try ring.verify(head) }
        // Of a later release, by its version or its suites (section 8).
        let isNewer = isFormat && ["8", "3.1"].contains(section)
        #expect(error?.code == (isNewer ? .newerVault : .damagedHeader), "\(name)")
        #expect((error?.cause as? FormatError)?.section == (isFormat ? section : nil), "\(name)")
        return VectorCase(
            name,
            [
                ("section", .text(section)), ("error", .text(isFormat ? "format" : "code")),
                ("master_keys", .list(keys.map { .bytes($0) })), ("store_generation", .number(storeGeneration)),
                ("header", .bytes(bytes)),
            ])
    }
}
