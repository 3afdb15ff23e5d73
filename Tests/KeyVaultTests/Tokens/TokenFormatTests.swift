import Foundation
import Testing

@testable import KeyVault

/// What tokens and their records hold, byte by byte.
@Suite struct TokenFormatTests {
    private let verifier = [UInt8](repeating: 7, count: TokenRecord.verifierLength)
    private let expires = Date(timeIntervalSince1970: 1_800_000_000)
    private let vault: Vault

    init() async throws {
        vault = try await Vault.create(in: MemoryStore(), masterKey: MasterKeyRing(try MasterKey.random()))
    }

    private func bytes() throws -> [UInt8] {
        try TokenRecord(verifier: verifier, expires: expires, tenant: "acme").secret().withSpan { bytes in
            bytes.indices.map { bytes[$0] }
        }
    }

    private func read(_ bytes: [UInt8]) -> TokenRecord? {
        try? TokenRecord(bytes.span, of: TokenRecord.id(of: "0123456789abcdef"))
    }

    @Test func aRecordIsReadAsItWasWritten() throws {
        let record = try #require(read(try bytes()))
        #expect(record.verifier == verifier && record.expires == expires && record.tenant == "acme")
    }

    @Test func bytesThatAreNoTokensRecordAreNone() throws {
        let bytes = try bytes()
        let tenant = bytes.count - 4
        for length in 0...tenant { #expect(read(Array(bytes[..<length])) == nil, "\(length)") }
        for (name, change) in [
            ("a later version", { $0[0] = 2 }), ("a time beyond the year 9999", { $0[tenant - 8] = 0xFF }),
            ("a tenant that is no text", { $0[tenant] = 0xFF }), ("a tenant with a slash", { $0[tenant + 1] = 0x2F }),
            ("a tenant with a zero byte", { $0[tenant + 1] = 0 }),
            ("a tenant of 256 bytes", { $0 += [UInt8](repeating: 0x61, count: 252) }),
        ] as [(String, (inout [UInt8]) -> Void)] {
            var changed = bytes
            change(&changed)
            #expect(read(changed) == nil, "\(name)")
        }
    }

    @Test(arguments: ["+", "/", "=", " ", "\n", "~"]) func onlyBase64URLIsASecret(_ character: String) throws {
        let token = TokenText.text(id: "0123456789abcdef", secret: verifier.span)
        #expect(try TokenText(token) != nil)
        for index in token.utf8.indices.suffix(43) {
            let changed = token.replacingCharacters(in: index...index, with: character)
            #expect(try TokenText(changed) == nil)
        }
    }

    /// RFC 4648 section 5; the last digit of 43 carries two bits too many, which must be zero.
    @Test func aSecretIsWrittenInOneWay() throws {
        let secret = (0..<32).map { UInt8(truncatingIfNeeded: $0 * 37 + 0xF3) }
        let token = TokenText.text(id: "0123456789abcdef", secret: secret.span)
        let written = Data(secret).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").dropLast()
        #expect(token == "kvt_0123456789abcdef_\(written)")
        #expect(written.contains("-") || written.contains("_"))
        let read = try #require(try TokenText(token))
        #expect(try read.verifier == TokenText.verifier(of: secret.span, id: "0123456789abcdef"))
        let last = try #require(token.utf8.last)
        for digit in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8 where digit != last {
            let other = try TokenText(token.dropLast() + String(UnicodeScalar(digit)))
            #expect(other?.verifier != read.verifier)
        }
        #expect(try TokenText(token.dropLast() + String(UnicodeScalar(last + 1))) == nil)
    }

    @Test func anIDThatIsNoneIsRefused() async {
        for id in ["", "a/b", "a\nb", String(repeating: "a", count: 256)] {
            await #expect(throws: VaultError(.invalidArgument, "")) { try await vault.revokeToken(id) }
        }
    }

    /// Sealed under the right key, as the right record, and yet no token's: nobody is let in by it.
    @Test(arguments: [("\u{1}", VaultError.Code.damagedRecord), ("\u{2}", .newerRecord)])
    func aRecordThatHoldsSomethingElseLetsNobodyIn(_ version: String, _ code: VaultError.Code) async throws {
        let made = try await vault.createToken(for: "acme")
        // No text begins with this byte, and so no account's name does.
        let content = Array(version.utf8) + [UInt8](repeating: 0xFF, count: 60)
        _ = try await vault.putUnchecked([
            PutRequest(TokenRecord.id(of: made.info.id), Secret(copying: content.span))
        ])
        await #expect(throws: VaultError(code, "")) { _ = try await vault.authenticate(made.token) }
        let listed = try await vault.tokens()
        #expect(listed.map(\.tenant) == [nil] && listed.map(\.code) == [code])
        #expect(try await vault.revokeToken(made.info.id))
        #expect(try await vault.authenticate(made.token) == nil)
    }
}
