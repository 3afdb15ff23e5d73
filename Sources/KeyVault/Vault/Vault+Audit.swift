import KeyVaultFormat

extension Vault {
    /// Runs `body` and reports how it ended to the audit hook, where there is one.
    func audited<Result: ~Copyable>(
        _ action: AuditEvent.Action, _ id: RecordID? = nil, tenant: String? = nil,
        _ body: () async throws(VaultError) -> Result
    ) async throws(VaultError) -> Result {
        guard let audit = configuration.audit else { return try await body() }
        do throws(VaultError) {
            let result = try await body()
            audit(event(action, id, tenant: tenant, failure: nil))
            return result
        } catch {
            audit(event(action, id, tenant: tenant, failure: error.code))
            throw error
        }
    }

    private func event(
        _ action: AuditEvent.Action, _ id: RecordID?, tenant: String?, failure: VaultError.Code?
    ) -> AuditEvent {
        AuditEvent(
            principal: Vault.principal, action: action, id: id, tenant: tenant ?? id?.tenant, date: time.date(),
            failure: failure)
    }
}
