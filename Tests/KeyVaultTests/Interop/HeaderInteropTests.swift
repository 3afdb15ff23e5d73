import Foundation
import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage
import Testing

@testable import KeyVault

@Suite("Interop: headers", .enabled(if: Python.isThere, Python.notice)) struct HeaderInteropTests {
    private static let passphrase = "\u{43A}\u{43B}\u{44E}\u{447} e\u{301}"

    /// What `interop.py` takes to make a header.
    private struct Request: Encodable {
        var vaultID: HexBytes
        var generation: UInt64
        var activeKeyID: HexBytes
        var keys: [InteropHeader.Key]
        var masterKeys: [HexBytes]
        var slots: [InteropSlot]
    }

    private struct Check: Encodable {
        var header: HexBytes
        var storeGeneration: UInt64
        var masterKeys: [HexBytes]
        var passphrase: HexBytes
    }

    private struct Made: Decodable { var header: HexBytes }

    /// Two live keys, of which the second is active, behind a retired one; a passphrase for each of the live ones.
    @Test func swiftOpensAHeaderOfPython() async throws {
        let sample = try HeaderSample(
            "", keys: [VectorKeys.oldMasterKey, VectorKeys.masterKey, VectorKeys.newMasterKey], active: 2, retired: [0])
        let live = [VectorKeys.masterKey, VectorKeys.newMasterKey]
        let made: Made = try await Python.run(
            "header",
            Request(
                vaultID: HexBytes(bytes: VectorKeys.vaultID), generation: 9,
                activeKeyID: HexBytes(bytes: VectorKeys.id(VectorKeys.newMasterKey)),
                keys: sample.header.keys.map(InteropHeader.Key.init), masterKeys: live.map(HexBytes.init),
                slots: live.map { InteropSlot(passphrase: Array(Self.passphrase.utf8), masterKey: $0) }))
        let ring = try HeaderSample.ring([VectorKeys.oldMasterKey, VectorKeys.newMasterKey, VectorKeys.masterKey])
        let head = StoreHead(header: made.header.bytes, generation: 9, revisionFloor: 0)
        let header = try ring.verify(head)
        #expect(header.keys == sample.header.keys)
        #expect(header.activeKeyID == sample.header.activeKeyID)
        #expect(header.slots.count == 2)

        let store = MemoryStore()
        try await store.create(header: made.header.bytes, generation: 9)
        let vault = try await Vault.open(store, keys: PassphraseSource(Secret(Self.passphrase)))
        #expect(vault.id.bytes == VectorKeys.vaultID)
    }

    @Test func pythonOpensAHeaderOfSwift() async throws {
        let slot = try SlotSteps(SlotRequest { $0.passphrase = Array(Self.passphrase.utf8) })
        let keys = [VectorKeys.oldMasterKey, VectorKeys.masterKey, VectorKeys.newMasterKey]
        let sample = try HeaderSample("", keys: keys, active: 1, retired: [0]) {
            $0.generation = UInt64(Int64.max)
            $0.slots = [slot.slot]
        }
        let ring = try HeaderSample.ring([VectorKeys.newMasterKey, VectorKeys.masterKey])
        let header: InteropHeader = try await Python.run(
            "check",
            Check(
                header: HexBytes(bytes: try ring.authenticate(sample.header).encoded),
                storeGeneration: UInt64(Int64.max),
                masterKeys: keys.map(HexBytes.init), passphrase: HexBytes(bytes: slot.request.passphrase)))
        #expect(header == InteropHeader(sample.header, slotKeys: [VectorKeys.masterKey]))
    }
}

/// A header as `interop.py` tells it.
struct InteropHeader: Codable, Hashable {
    struct Key: Codable, Hashable {
        var id: HexBytes
        var state: UInt8
        var added: UInt64

        init(_ key: VaultHeader.Key) {
            id = HexBytes(bytes: key.id.bytes)
            state = key.state.rawValue
            added = Timestamp(key.added).milliseconds
        }
    }

    var vaultID: HexBytes
    var generation: UInt64
    var minimumSuite: UInt8
    var activeKeyID: HexBytes
    var keys: [Key]
    /// The key that each slot wraps, by its id.
    var slots: [HexBytes]
    /// The keys that the given passphrase gave.
    var slotKeys: [HexBytes]?

    private enum CodingKeys: String, CodingKey {
        case vaultID = "vault_id"
        case generation
        case minimumSuite = "minimum_suite"
        case activeKeyID = "active_key_id"
        case keys, slots
        case slotKeys = "slot_keys"
    }

    init(_ header: VaultHeader, slotKeys: [[UInt8]]? = nil) {
        vaultID = HexBytes(bytes: header.vaultID.bytes)
        generation = header.generation
        minimumSuite = header.minimumSuite.rawValue
        activeKeyID = HexBytes(bytes: header.activeKeyID.bytes)
        keys = header.keys.map(Key.init)
        slots = header.slots.map { HexBytes(bytes: $0.parameters.keyID.bytes) }
        self.slotKeys = slotKeys?.map(HexBytes.init)
    }
}

/// What `interop.py` makes a passphrase slot of, at the lowest cost.
struct InteropSlot: Encodable {
    var passphrase: HexBytes
    var masterKey: HexBytes
    var passes = 2
    var memory = 64 << 20

    init(passphrase: [UInt8], masterKey: [UInt8]) {
        self.passphrase = HexBytes(bytes: passphrase)
        self.masterKey = HexBytes(bytes: masterKey)
    }
}
