/// A master key wrapped under a passphrase (SPEC.md section 5.3).
package struct PassphraseSlot: Hashable, Sendable {
    /// What the passphrase is turned into a key with, and whose key it wraps: 64 bytes.
    package struct Parameters: Hashable, Sendable {
        package static let length = 64
        /// The bounds of SPEC.md section 5.3, checked before anything is allocated.
        package static let operationsRange: ClosedRange<UInt32> = 2...64
        /// In bytes: 64 MiB to 4 GiB.
        package static let memoryRange: ClosedRange<UInt64> = (64 << 20)...(4 << 30)

        package let keyID: MasterKeyID
        /// Passes over the memory.
        package let operations: UInt32
        /// Bytes.
        package let memory: UInt64
        /// 16 random bytes.
        package let salt: [UInt8]

        /// Argon2id, version 1.3, one lane.
        private static let algorithm: UInt8 = 1

        package init(keyID: MasterKeyID, operations: UInt32, memory: UInt64, salt: [UInt8]) throws(FormatError) {
            guard Self.operationsRange.contains(operations), Self.memoryRange.contains(memory),
                memory.isMultiple(of: 1024)
            else {
                throw FormatError(
                    .invalidField,
                    "Argon2id takes 2 to 64 passes over 64 MiB to 4 GiB here, in whole KiB; less is weak, more can be used "
                        + "to exhaust this machine.", section: "5.3")
            }
            guard salt.count == 16 else {
                throw FormatError(.invalidField, "The salt of Argon2id is 16 bytes long.", section: "5.3")
            }
            self.keyID = keyID
            self.operations = operations
            self.memory = memory
            self.salt = salt
        }

        package init(_ reader: inout ByteReader) throws(FormatError) {
            let keyID = try MasterKeyID(&reader)
            guard try reader.byte() == Self.algorithm else {
                throw FormatError(
                    .invalidField, "The passphrase slot's algorithm is none that is known.", section: "5.3")
            }
            try reader.expectZeros(3)
            let operations = try reader.uint32()
            let memory = try reader.uint64()
            let salt = try reader.bytes(16)
            try reader.expectZeros(16)
            try self.init(keyID: keyID, operations: operations, memory: memory, salt: salt)
        }

        package var encoded: [UInt8] {
            var bytes = keyID.bytes + [Self.algorithm, 0, 0, 0]
            bytes.append(bigEndian: operations)
            bytes.append(bigEndian: memory)
            return bytes + salt + [UInt8](repeating: 0, count: 16)
        }
    }

    package let parameters: Parameters
    /// 32 bytes each.
    package let salt: [UInt8]
    package let commitment: [UInt8]
    /// 48 bytes.
    package let wrappedKey: [UInt8]

    package init(parameters: Parameters, salt: [UInt8], commitment: [UInt8], wrappedKey: [UInt8]) {
        self.parameters = parameters
        self.salt = salt
        self.commitment = commitment
        self.wrappedKey = wrappedKey
    }

    package init(_ reader: inout ByteReader) throws(FormatError) {
        parameters = try Parameters(&reader)
        salt = try reader.bytes(32)
        commitment = try reader.bytes(32)
        wrappedKey = try reader.bytes(48)
    }

    package var encoded: [UInt8] { parameters.encoded + salt + commitment + wrappedKey }
}
