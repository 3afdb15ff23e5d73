import Foundation
import KeyVault
import Synchronization
import Testing

@Suite struct VaultCheckTests {
    private let validator = StubValidator()

    private func vault(_ checks: CheckPolicy, asks: Bool = true) async throws -> Vault {
        let ring = MasterKeyRing(try MasterKey.random())
        return try await Vault.create(
            in: MemoryStore(), masterKey: ring,
            configuration: VaultConfiguration(validator: asks ? validator : nil, checks: checks))
    }

    private func id(_ provider: String = "groq") throws -> RecordID { try RecordID(tenant: "acme", provider: provider) }

    /// A Groq key of the right shape whose last letter tells the stub what to say.
    private func key(_ ending: String) -> String { "gsk_" + MadeUpKey.characters(.alphanumeric, 51) + ending }

    private func rejection(_ error: VaultError?) -> KeyRejection? { error?.cause as? KeyRejection }

    @Test func aKeyOfAnotherShapeOrOwnerIsNotStored() async throws {
        let vault = try await vault(.lenient)
        for (provider, text, message) in [
            ("openai", "sk-ant-" + MadeUpKey.characters(.word, 60), "Anthropic"),
            ("google", "nothing-like-it", "does not begin"),
            ("groq", "gsk_\u{2026}abcd", "masked"), ("openai", "your-api-key-here", "placeholder"),
        ] {
            let error = await #expect(throws: VaultError.self) { try await vault.put(Secret(text), for: id(provider)) }
            #expect(error == VaultError(.keyRejected, ""))
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
            #expect(error?.description.contains(text) == false)
            await #expect(throws: VaultError(.notFound, "")) { try await vault.metadata(for: id(provider)) }
        }
        let error = await #expect(throws: VaultError.self) { try await vault.put(Secret("nothing"), for: id("openai")) }
        #expect(rejection(error)?.description == "Invalid OpenAI API key format")
        await #expect(throws: VaultError(.emptySecret, "")) { try await vault.put(Secret(" \n"), for: id()) }
        #expect(validator.calls.calls == 0)
    }

    @Test func aDryCheckSaysWhatAPutWouldSayAndStoresNothing() async throws {
        let vault = try await vault(.lenient)
        #expect(try vault.checkFormat(of: PutRequest(id(), Secret(key("v")))).isEmpty)
        let unknown = try PutRequest(id(), Secret("gsk_" + MadeUpKey.characters(.alphanumeric, 60)))
        #expect(try vault.checkFormat(of: unknown).count == 1)
        #expect(throws: VaultError(.keyRejected, "")) {
            try vault.checkFormat(of: PutRequest(id(), Secret("sk-ant-" + MadeUpKey.characters(.word, 60))))
        }
        let reserved = try PutRequest(RecordID(tenant: "_vault", provider: "groq"), Secret(key("v")))
        #expect(throws: VaultError(.invalidArgument, "")) { try vault.checkFormat(of: reserved) }
        #expect(try await vault.list().entries.isEmpty)
        #expect(validator.calls.calls == 0)
    }

    /// Whichever provider answers first.
    @Test func ofTwoRefusedKeysTheFirstIsNamed() async throws {
        let vault = try await Vault.create(
            in: MemoryStore(), masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(validator: SecondFirst(), checks: .lenient))
        let requests = try ["a", "b"].map {
            PutRequest(try RecordID(tenant: $0, provider: "groq"), try Secret(key($0)))
        }
        let error = await #expect(throws: VaultError.self) { try await vault.put(requests) }
        #expect(rejection(error)?.id == requests[0].id)
    }

    @Test func whiteSpaceAroundAKeyIsNotStored() async throws {
        let vault = try await vault(.off)
        let key = key("v")
        try await vault.put(Secret(" \(key)\r\n"), for: id())
        let stored = try await vault.withSecret(id()) { secret in
            unsafe secret.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
        }
        #expect(stored == key)
    }

    @Test func aProviderWithoutRulesIsStoredUncheckedAsItIs() async throws {
        let vault = try await vault(.strict)
        let info = try await vault.put(Secret(" any\nthing "), for: id("unheard-of"))
        #expect(info.warnings.isEmpty)
        #expect(info.metadata.verdict == .unverified)
        #expect(try await vault.withSecret(id("unheard-of")) { $0.byteCount } == 11)
    }

    @Test func anUnknownShapeIsAWarningAndStrictlyARefusal() async throws {
        let text = "gsk_" + MadeUpKey.characters(.alphanumeric, 60)
        let lenient = try await vault(.lenient, asks: false)
        #expect(try await lenient.put(Secret(text), for: id()).warnings == [.unknownShape(provider: "Groq")])
        let strict = try await vault(.strict, asks: false)
        await #expect(throws: VaultError(.keyRejected, "")) { try await strict.put(Secret(text), for: id()) }
    }

    /// The policy on write: verdict × policy.
    @Test(arguments: CheckPolicy.allCases, ["v", "i", "r", "u", "w"])
    func theVerdictDecidesByPolicy(_ policy: CheckPolicy, _ ending: String) async throws {
        let vault = try await vault(policy)
        // "r" is restricted and "u" unverified, the first of their letters: the one is live, the other inconclusive.
        let put = { try await vault.put(Secret(key(ending)), for: id()) }
        switch (policy, ending) {
        case (.off, _):
            let info = try await put()
            #expect(info.metadata.verdict == .unverified && info.metadata.lastValidated == nil && info.warnings.isEmpty)
            #expect(validator.calls.calls == 0)
        case (_, "i"):
            let error = await #expect(throws: VaultError.self) { try await put() }
            #expect(error == VaultError(.keyRejected, ""))
            #expect(rejection(error)?.reason == .validation(await validation("i")))
            await #expect(throws: VaultError(.notFound, "")) { try await vault.metadata(for: id()) }
        case (.strict, "u"):
            await #expect(throws: VaultError(.inconclusiveCheck, "")) { try await put() }
            await #expect(throws: VaultError(.notFound, "")) { try await vault.metadata(for: id()) }
        case (_, "u"):
            let info = try await put()
            #expect(info.warnings == [.unverified(await validation("u"))])
            let stored = try await vault.metadata(for: id())
            #expect(stored.metadata.verdict == .unverified && stored.metadata.lastValidated == nil)
        default:
            let info = try await put()
            #expect(info.metadata.verdict == (ending == "v" ? .valid : ending == "r" ? .restricted : .withoutCredit))
            #expect(info.metadata.lastValidated == StubValidator.time)
            #expect(try await vault.metadata(for: id()).metadata == info.metadata)
        }
    }

    private func validation(_ ending: String) async -> Validation {
        let bytes = Array(ending.utf8)
        guard let provider = ProviderRegistry.builtIn["groq"] else {
            return Validation(verdict: .valid, time: Date(), reason: "")
        }
        return await unsafe validator.validate(bytes.span.bytes, of: provider)
    }

    @Test func oneBadKeyOfABatchKeepsAllFromBeingStored() async throws {
        let vault = try await vault(.lenient)
        let other = try RecordID(tenant: "acme", provider: "groq", label: "second")
        let requests = [PutRequest(try id(), try Secret(key("v"))), PutRequest(other, try Secret(key("i")))]
        let error = await #expect(throws: VaultError.self) { try await vault.put(requests) }
        #expect(rejection(error)?.id == other)
        #expect(try await vault.list().entries.isEmpty)
    }
}

/// Refuses every key: one that ends with an `a` some time after another one.
private final class SecondFirst: ProviderValidator {
    private let hasAnswered = Atomic(false)

    func validate(_ secret: RawSpan, of provider: Provider) async -> Validation {
        let last = unsafe secret.unsafeLoad(fromByteOffset: secret.byteCount - 1, as: UInt8.self)
        while last == UInt8(ascii: "a"), !hasAnswered.load(ordering: .acquiring) { await Task.yield() }
        if last == UInt8(ascii: "a") { for _ in 0..<1000 { await Task.yield() } }
        hasAnswered.store(true, ordering: .releasing)
        return Validation(verdict: .invalid, time: StubValidator.time, reason: "Refused.")
    }
}
