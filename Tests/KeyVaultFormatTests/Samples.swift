import KeyVaultFormat

import struct Foundation.Date

/// Valid values that the tests change one thing of.
enum Samples {
    static let vaultID = vault(0x10)
    static let keyID = MasterKeyID(trusted: Array(0..<16))
    static let otherKeyID = MasterKeyID(trusted: Array(16..<32))
    static let time = Date(timeIntervalSince1970: 1_700_000_000.123)

    static func vault(_ first: UInt8) -> VaultID {
        guard let id = try? VaultID(Array(first..<(first + 16))) else { preconditionFailure("16 bytes make an id") }
        return id
    }

    static func record(ciphertext: Int = SealedRecord.minimumCiphertextLength) -> SealedRecord {
        let ciphertext = [UInt8](repeating: 4, count: ciphertext)
        return SealedRecord(
            suite: .aes256GCMBLAKE2b, keyID: keyID, salt: [UInt8](repeating: 1, count: 32),
            commitment: [UInt8](repeating: 2, count: 32), wrappedKey: [UInt8](repeating: 3, count: 48),
            ciphertext: ciphertext.span)
    }

    static func slot(_ keyID: MasterKeyID = keyID) throws -> PassphraseSlot {
        PassphraseSlot(
            parameters: try .init(
                keyID: keyID, operations: 3, memory: 256 << 20, salt: [UInt8](repeating: 5, count: 16)),
            salt: [UInt8](repeating: 6, count: 32), commitment: [UInt8](repeating: 7, count: 32),
            wrappedKey: [UInt8](repeating: 8, count: 48))
    }

    static func header() throws -> VaultHeader {
        VaultHeader(
            vaultID: vaultID, generation: 7, activeKeyID: keyID,
            keys: [
                .init(id: otherKeyID, state: .retired, added: time), .init(id: keyID, state: .live, added: time),
            ], slots: [try slot()])
    }

    static func sealedHeader() throws -> StoredHeader {
        StoredHeader(header: try header(), codes: [[UInt8](repeating: 9, count: 32)])
    }
}
