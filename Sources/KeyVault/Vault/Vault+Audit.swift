import KeyVaultFormat

extension Vault {
    /// Runs `body` and reports how it ended to the audit hook, where there is one.
    func audited<Result: ~Copyable>(
        _ action: AuditEvent.Action, _ id: RecordID? = nil, tenant: String? = nil,
        _ body: () async throws(VaultError) -> Result
    ) async throws(VaultError) -> Result {
        try await audited(action, each: [id], tenant: tenant, body)
    }

    /// As ``audited(_:_:tenant:_:)``, with an event for each of `ids`.
    func audited<Result: ~Copyable>(
        _ action: AuditEvent.Action, each ids: [RecordID?], tenant: String? = nil,
        _ body: () async throws(VaultError) -> Result
    ) async throws(VaultError) -> Result {
        guard let audit = configuration.audit else { return try await body() }
        func report(_ failure: VaultError.Code?) {
            for id in ids {
                audit(
                    AuditEvent(
                        principal: Vault.principal, action: action, id: id, tenant: tenant ?? id?.tenant,
                        date: time.date(), failure: failure))
            }
        }
        do throws(VaultError) {
            let result = try await body()
            report(nil)
            return result
        } catch {
            report(error.code)
            throw error
        }
    }
}
