import HTTPTypes
import Hummingbird
import KeyVault
import Logging

extension KeyVaultService {
    /// The account that a request speaks for.
    func account(_ exchange: Exchange) async throws -> Account {
        let account: Account?
        do {
            account = try await authenticator.account(for: exchange.request.head)
        } catch let error as VaultError where error.code == .damagedRecord {
            exchange.logger.error(
                "a token's record is damaged", metadata: ["request_id": "\(exchange.id)", "error": "\(error)"])
            account = nil
        } catch let error as VaultError {
            throw error
        } catch {
            exchange.logger.error(
                "the authenticator failed",
                metadata: ["request_id": "\(exchange.id)", "type": "\(type(of: error))"])
            throw APIError.unavailable(exchange.operation.purpose).logged
        }
        guard let account else {
            throw APIError(
                .unauthorized, "authentication_failed", "Invalid \(configuration.brand) API key",
                hint: "Send it as Authorization: Bearer …", headers: [.wwwAuthenticate: "Bearer"])
        }
        return account
    }

    /// As ``account(_:)``, for a request that changes keys: each account's are bounded.
    func writer(_ exchange: Exchange) async throws -> Account {
        let account = try await account(exchange)
        if let wait = limiter.take(account.tenant) {
            throw APIError(
                .tooManyRequests, "rate_limited", "Too many changes to keys; try again in \(wait) s", retryAfter: wait)
        }
        return account
    }
}
