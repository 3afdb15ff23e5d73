import KeyVault
import KeyVaultCrypto
import KeyVaultFormat

/// What people type: references to records, names, tokens, master keys.
struct NamesTarget: FuzzTarget {
    let name = "names"

    var seeds: [[UInt8]] {
        [
            "acme/openai", "acme/openai/other", "\u{E9}/p/\u{1F511}", "\u{E9}\ne\u{301}", "a\nab", "_kv/token",
            "kvt_0123456789abcdef_" + String(repeating: "A", count: 43),
            String(repeating: "0f", count: 32), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        ].map { Array($0.utf8) }
    }

    func run(_ input: [UInt8]) async throws {
        let text = String(decoding: input, as: UTF8.self)
        try checkReference(text)
        try checkNames(text)
        try checkMasterKey(input)
        try await checkToken(text)
    }

    /// A reference that is accepted is found again by what it is shown as.
    private func checkReference(_ text: String) throws {
        guard let id = try? RecordID(text) else { return }
        let again = try RecordID(id.description)
        try Finding.require(again == id && again.hashValue == id.hashValue, "\(id) reads as another")
        try Finding.require(Array(id.tenant.utf8) == Array(id.nameBytes(at: 0)), "another tenant")
        for name in [id.tenant, id.provider, id.label] {
            try Finding.require((1...RecordID.maximumNameLength).contains(name.utf8.count), "a name of a wrong length")
            let isClean = name.unicodeScalars.allSatisfy { $0 != "/" && $0.properties.generalCategory != .control }
            try Finding.require(isClean, "a name with a character that none may have")
        }
    }

    /// Names at either side of a line break: equal where their bytes are, and ordered like them.
    private func checkNames(_ text: String) throws {
        let parts = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return }
        let ids = parts.map { try? RecordID(tenant: String($0), provider: "openai") }
        guard let one = ids[0], let other = ids[1] else { return }
        let (left, right) = (Array(parts[0].utf8), Array(parts[1].utf8))
        try Finding.require((one == other) == (left == right), "equality is not that of the bytes")
        try Finding.require(
            (one < other) == left.lexicographicallyPrecedes(right), "the order is not that of the bytes")
    }

    /// Every encoding of a master key gives one of 32 bytes.
    private func checkMasterKey(_ input: [UInt8]) throws {
        guard let key = try? MasterKey(copying: input.span) else { return }
        let bytes = key.withExposedBytes { span in span.indices.map { span[$0] } }
        let again = try MasterKey(copying: Array(bytes.hexadecimal.utf8).span)
        try Finding.require(again.id == key.id, "another key")
    }

    /// Nothing but the token itself is let in.
    private func checkToken(_ text: String) async throws {
        guard text.hasPrefix("kvt_") else { return }
        let (vault, token) = try await Self.shared.value
        guard try await vault.authenticate(text) != nil else { return }
        try Finding.require(text == token, "a token that nobody made was let in")
    }

    private static let shared = Task {
        let vault = try await Vault.create(in: MemoryStore(), masterKey: try Samples.ring(0))
        return (vault, try await vault.createToken(for: "acme").token)
    }
}
