package import struct Foundation.Date

/// The vault header (SPEC.md section 5): which vault this is and which master keys it is under.
package struct VaultHeader: Hashable, Sendable {
    /// A master key that the vault knows.
    package struct Key: Hashable, Sendable {
        package enum State: UInt8, Sendable {
            /// Records may be under it; opening the vault needs it.
            case live = 1
            /// No record is under it any more.
            case retired = 2
        }

        package var id: MasterKeyID
        package var state: State
        /// When the vault got to know it.
        package var added: Date

        package init(id: MasterKeyID, state: State, added: Date) {
            self.id = id
            self.state = state
            self.added = added
        }
    }

    package static let magic: [UInt8] = Array("KVHD".utf8)
    package static let maximumKeys = 64
    package static let maximumSlots = 16
    package static let macLength = 32
    /// The last generation: stores that count in signed 64-bit integers have no more.
    package static let maximumGeneration = UInt64(Int64.max)
    /// The longest header, in bytes.
    package static let maximumLength =
        56 + maximumKeys * (32 + macLength) + maximumSlots * (PassphraseSlot.Parameters.length + 112)

    package var vaultID: VaultID
    /// Raised by one with every header that is written.
    package var generation: UInt64
    /// Records of a lower suite are to be refused. There is one suite so far, which every record has, and nothing is compared; a
    /// reader of two has to compare.
    package var minimumSuite: Suite
    /// The key that new records are sealed under: the id of a live key.
    package var activeKeyID: MasterKeyID
    package var keys: [Key]
    package var slots: [PassphraseSlot]

    package init(
        vaultID: VaultID, generation: UInt64, minimumSuite: Suite = .aes256GCMBLAKE2b, activeKeyID: MasterKeyID,
        keys: [Key],
        slots: [PassphraseSlot] = []
    ) {
        self.vaultID = vaultID
        self.generation = generation
        self.minimumSuite = minimumSuite
        self.activeKeyID = activeKeyID
        self.keys = keys
        self.slots = slots
    }

    /// The ids that opening needs.
    package var liveKeyIDs: [MasterKeyID] { keys.filter { $0.state == .live }.map(\.id) }

    /// What the codes are computed over.
    package var body: [UInt8] {
        var bytes = Self.magic
        bytes += [FormatVersion.current, minimumSuite.rawValue, 0, 0]
        bytes += vaultID.bytes
        bytes.append(bigEndian: generation)
        bytes += activeKeyID.bytes
        bytes.append(bigEndian: UInt16(keys.count))
        bytes.append(bigEndian: UInt16(slots.count))
        bytes += [0, 0, 0, 0]
        for key in keys {
            bytes += key.id.bytes + [key.state.rawValue, 0, 0, 0, 0, 0, 0, 0]
            bytes.append(bigEndian: Timestamp(key.added).milliseconds)
        }
        for slot in slots { bytes += slot.encoded }
        return bytes
    }
}

extension VaultHeader {
    init(_ reader: inout ByteReader) throws(FormatError) {
        try reader.expect(Self.magic)
        try reader.expectFormatVersion()
        minimumSuite = try Suite(reader.byte())
        try reader.expectZeros(2)
        vaultID = try VaultID(reader.bytes(VaultID.length))
        generation = try reader.uint64()
        activeKeyID = try MasterKeyID(&reader)
        let (keyCount, slotCount) = (Int(try reader.uint16()), Int(try reader.uint16()))
        try reader.expectZeros(4)
        guard (1...Self.maximumKeys).contains(keyCount), slotCount <= Self.maximumSlots else {
            throw FormatError(.invalidField, "A header lists 1 to 64 keys and up to 16 slots.", section: "5.1")
        }
        guard (1...Self.maximumGeneration).contains(generation) else {
            throw FormatError(.invalidField, "A header's generation is 1 to 2^63 - 1.", section: "5.1")
        }
        keys = []
        reader.section = "5.2"
        for _ in 0..<keyCount { keys.append(try Key(&reader)) }
        slots = []
        reader.section = "5.3"
        for _ in 0..<slotCount { slots.append(try PassphraseSlot(&reader)) }
        reader.section = "5.1"
        try checkKeys()
    }

    private func checkKeys() throws(FormatError) {
        guard Set(keys.map(\.id)).count == keys.count else {
            throw FormatError(.invalidField, "A master key is listed twice.", section: "5.2")
        }
        guard liveKeyIDs.contains(activeKeyID) else {
            throw FormatError(.invalidField, "The active master key is not among the live ones.", section: "5.2")
        }
        guard slots.allSatisfy({ liveKeyIDs.contains($0.parameters.keyID) }) else {
            throw FormatError(.invalidField, "A passphrase slot wraps a key that is not live.", section: "5.3")
        }
    }
}

extension VaultHeader.Key {
    fileprivate init(_ reader: inout ByteReader) throws(FormatError) {
        id = try MasterKeyID(&reader)
        guard let state = State(rawValue: try reader.byte()) else {
            throw FormatError(.invalidField, "The state of a master key is none that is known.", section: "5.2")
        }
        self.state = state
        try reader.expectZeros(7)
        guard let added = try Timestamp(milliseconds: reader.uint64()).date else {
            throw FormatError(.invalidField, "The time at which a master key was added must be set.", section: "5.2")
        }
        self.added = added
    }
}
