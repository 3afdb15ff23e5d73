import HTTPTypes
import Hummingbird
import KeyVault
import NIOCore

extension KeyVaultService {
    /// `POST /v1/account/llm-keys`: stores the keys that the request names, all of them or none.
    func storeKeys(_ exchange: Exchange) async throws -> Response {
        let account = try await writer(exchange)
        try exchange.requireKnownQuery([])
        try exchange.requireJSON()
        let body = try await exchange.body(upTo: configuration.maximumKeysBody)
        var requests = try keys(in: body, of: account)
        if let state = try await expectedState(exchange, of: account) {
            for index in requests.indices { requests[index].expectedRevision = state.revision(of: requests[index].id) }
        }
        let infos = requests.isEmpty ? [] : try await vault.put(requests)
        let warnings = infos.flatMap { info in info.warnings.map { (info.id.provider, "\($0)") } }
        let answer = JSONWriter.object { json in
            json.member("success", true)
            json.member("message", Self.message(infos, hasWarnings: !warnings.isEmpty))
            guard !warnings.isEmpty else { return }
            json.member(
                "warnings",
                objects: warnings.map { warning in
                    { json in
                        json.member("provider", warning.0)
                        json.member("message", warning.1)
                    }
                })
        }
        return .json(.ok, answer, requestID: exchange.id)
    }

    private static func message(_ stored: [RecordInfo], hasWarnings: Bool) -> String {
        if stored.isEmpty { return "No LLM API keys were sent, and none has changed" }
        if hasWarnings { return "LLM API keys stored, with warnings" }
        return stored.allSatisfy { $0.metadata.lastValidated != nil }
            ? "LLM API keys stored and validated successfully" : "LLM API keys stored, without asking their providers"
    }

    /// The keys of a request, copied from its body into guarded memory.
    private func keys(in body: ByteBuffer, of account: Account) throws -> [PutRequest] {
        let text = body.readableBytesUInt8Span
        var requests: [PutRequest] = []
        for member in try JSONObject(ofRequest: text).members {
            let provider = try provider(ofMember: member.name)
            switch member.kind {
            case .string where member.value.count > 2: break
            case .string, .null: throw APIError.emptyKey(of: provider)
            default: throw APIError.invalidRequest("A key must be a string", provider: provider)
            }
            let inside = text.extracting(member.inside)
            guard inside.count <= SecretBuffer.maximumCapacity else {
                throw APIError.invalidRequest(
                    "The key is too long", hint: "A key has \(Secret.maximumLength) bytes at most.", provider: provider)
            }
            let bytes = try VaultError.wrap { () throws(CryptoError) in try JSONString.guarded(inside) }
            requests.append(PutRequest(try recordID(account, provider), try Secret(bytes)))
        }
        return requests
    }

    /// The provider of a member such as `openai_key`.
    private func provider(ofMember name: String) throws(APIError) -> String {
        if name.hasSuffix("_key"), configuration.providers[String(name.dropLast(4))] != nil {
            return String(name.dropLast(4))
        }
        // The name is not repeated: whoever mixes names and values up has put a key there.
        throw .invalidRequest(
            "A field of the request is not known",
            hint: "Known are \(configuration.providers.names.map { "\($0)_key" }.joined(separator: ", ")).")
    }
}
