import KeyVault
import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage

/// Keys and names that are the same in every run, so that a saved input means the same tomorrow.
enum Samples {
    /// The master key of this number: distinct bytes, not random ones.
    static func masterKey(_ number: UInt8 = 0) throws -> MasterKey {
        let bytes = (0..<32).map { UInt8($0) &* 7 ^ number &+ 128 }
        return try MasterKey(copying: bytes.span)
    }

    /// A ring of the keys of these numbers.
    static func ring(_ numbers: UInt8...) throws -> MasterKeyRing {
        var ring = MasterKeyRing(try masterKey(numbers[0]))
        for number in numbers.dropFirst() { ring.add(try masterKey(number)) }
        return ring
    }

    static let vaultID = VaultID(trusted: Array(repeating: 7, count: 16))

    static func recordKey() throws -> RecordKey { RecordKey(id: try RecordID("acme/openai"), revision: 3) }
}
