import KeyVaultCrypto
import KeyVaultFormat
import Testing

@testable import KeyVault

@Suite struct CacheCipherTests {
    private func nonce(_ secret: String, _ id: RecordID, _ cipher: borrowing CacheCipher) throws -> [UInt8] {
        let nonce = try cipher.seal(Array(secret.utf8).span, for: id).nonce
        return (0..<nonce.bytes.count).map { nonce.bytes[$0] }
    }

    /// Under one key, one nonce never serves two contents: it is a hash of the content, of the id and of a key of the cipher's.
    @Test func noncesAreTheContentsOwn() throws {
        let cipher = try CacheCipher()
        let id = RecordID.numbered(1)
        let first = try nonce("sk-1", id, cipher)
        #expect(try nonce("sk-1", id, cipher) == first)
        #expect(try nonce("sk-2", id, cipher) != first)
        #expect(try nonce("sk-1", .numbered(2), cipher) != first)
        #expect(try nonce("sk-1", id, CacheCipher()) != first)
    }
}
