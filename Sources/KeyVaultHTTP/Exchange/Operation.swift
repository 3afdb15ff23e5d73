import HTTPTypes

/// One thing that the API does: what metrics, traces and logs name, and how a failure is worded.
struct Operation: Sendable {
    let name: String
    let method: HTTPRequest.Method
    let path: String
    /// Ends the sentence "Vault connection unavailable - cannot …".
    let purpose: String

    /// The same, for a client that wants the headers of the answer alone.
    var forHead: Operation { Operation(name: name, method: .head, path: path, purpose: purpose) }

    static let storeKeys = Operation(
        name: "store_keys", method: .post, path: "/v1/account/llm-keys", purpose: "store keys")
    static let keyStatus = Operation(
        name: "key_status", method: .get, path: "/v1/account/llm-keys", purpose: "read keys")
    static let deleteKeys = Operation(
        name: "delete_keys", method: .delete, path: "/v1/account/llm-keys", purpose: "delete keys")
    static let keyDetails = Operation(
        name: "key_details", method: .get, path: "/v1/account/llm-keys/details", purpose: "read keys")
    static let testKey = Operation(
        name: "test_key", method: .post, path: "/v1/account/llm-keys/{provider}/test", purpose: "test keys")
    static let enableKey = Operation(
        name: "enable_key", method: .post, path: "/v1/account/llm-keys/{provider}/enable", purpose: "change keys")
    static let disableKey = Operation(
        name: "disable_key", method: .post, path: "/v1/account/llm-keys/{provider}/disable", purpose: "change keys")
    static let chat = Operation(
        name: "chat", method: .post, path: "/v1/chat/completions", purpose: "read keys")
    static let health = Operation(name: "health", method: .get, path: "/health", purpose: "answer")
    static let liveness = Operation(name: "liveness", method: .get, path: "/health/live", purpose: "answer")
}
