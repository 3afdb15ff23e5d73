import Hummingbird
import KeyVault

extension KeyVaultService {
    /// `GET /health`: whether the vault can be reached.
    ///
    /// 200 in any case: without the vault, requests that bring keys of their own are still served, so that a load balancer
    /// must not take the server out.
    func health(_ exchange: Exchange) async throws -> Response {
        let isConnected = await vault.health().store == .connected
        let body = JSONWriter.object { json in
            json.member("status", isConnected ? "ok" : "degraded")
            json.member("vault", isConnected ? "connected" : "unavailable")
            json.member("formation_keys_available", poolIsAvailable)
        }
        return .json(.ok, body, requestID: exchange.id)
    }

    /// `GET /health/live`: that the process answers.
    func liveness(_ exchange: Exchange) async throws -> Response {
        .json(.ok, JSONWriter.object { $0.member("status", "ok") }, requestID: exchange.id)
    }
}
