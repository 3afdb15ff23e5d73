import KeyVaultCrypto
public import KeyVaultFormat
import KeyVaultStorage
import Logging

extension Vault {
    /// Stores `secret` for `id`, durably, in the place of the key that is there. It is served, also where that one was disabled.
    ///
    /// The key is judged by the format rules of its provider first (``VaultConfiguration/providers``), and refused where it cannot be
    /// one of that provider's; white space around it is left out. A key of a provider that the registry does not know is stored as it
    /// is, and not judged. One of a shape that the rules do not
    /// know is stored, with a warning in ``RecordInfo/warnings``; ``CheckPolicy/strict`` refuses it. Where there is a
    /// ``VaultConfiguration/validator``, the provider is asked too, as ``VaultConfiguration/checks`` says.
    ///
    /// - Parameter expectedRevision: the revision that must be the current one; 0 to require that none is stored yet; `nil` to accept
    ///   any.
    /// - Throws: ``VaultError``: `conflict` when another revision is there, `keyRejected` where the rules or the provider refuse the
    ///   key, `inconclusiveCheck`, `store`, … After `store` the new key may be there or not, now or once the vault is opened again,
    ///   until a later write of `id` has succeeded.
    @discardableResult
    public func put(
        _ secret: Secret, for id: RecordID, expectedRevision: UInt64? = nil
    ) async throws(VaultError) -> RecordInfo {
        try await put([PutRequest(id, secret, expectedRevision: expectedRevision)])[0]
    }

    /// Stores several keys, all of them or none.
    ///
    /// - Parameter requests: each id at most once.
    /// - Returns: what is known of each now, in the same order.
    @discardableResult
    public func put(_ requests: [PutRequest]) async throws(VaultError) -> [RecordInfo] {
        for request in requests { try checkNotReserved(request.id) }
        return try await writePuts(requests) { () async throws(VaultError) in try await check(requests) }
    }

    /// As ``put(_:)``, for the vault's own records too, and whatever the rules say.
    ///
    /// - Parameter account: whom the audit is to name as the tenant, where that is not the records' own.
    package func putUnchecked(
        _ requests: [PutRequest], for account: String? = nil
    ) async throws(VaultError) -> [RecordInfo] {
        try await writePuts(requests, for: account) { () throws(VaultError) in requests.map { CheckedPut($0) } }
    }

    func writePuts(
        _ requests: [PutRequest], for account: String? = nil,
        checking check: () async throws(VaultError) -> [CheckedPut]
    ) async throws(VaultError) -> [RecordInfo] {
        guard requests.count < 2 || Set(requests.map(\.id)).count == requests.count else {
            throw VaultError(.invalidArgument, "One id is named twice in a batch.", hint: "Name each id once.")
        }
        // A key that the rules refuse is an event for the audit too.
        let infos = try await audited(.put, each: requests.map(\.id), tenant: account) {
            () async throws(VaultError) in
            let puts = try await check()
            return try await write { plan throws(VaultError) in
                var infos: [RecordInfo] = []
                for put in puts { infos.append(try await plan.put(put)) }
                return infos
            }
        }
        configuration.logger.debug("stored", metadata: ["records": "\(infos.count)"])
        return infos
    }

    /// Removes the key stored for `id` and all of its revisions, durably. No read that begins once this has returned gives it out.
    ///
    /// - Parameter expectedRevision: the revision that must be the current one; `nil` for no such condition.
    /// - Returns: whether there was one. Where there was none, nothing was written.
    /// - Throws: ``VaultError`` `conflict`, `store`, …
    @discardableResult
    public func delete(_ id: RecordID, expectedRevision: UInt64? = nil) async throws(VaultError) -> Bool {
        try checkNotReserved(id)
        return try await deleteUnchecked(id, expectedRevision: expectedRevision)
    }

    /// As ``delete(_:expectedRevision:)``, for the vault's own records too.
    ///
    /// - Parameter account: whom the audit is to name as the tenant, where that is not the record's own.
    package func deleteUnchecked(
        _ id: RecordID, expectedRevision: UInt64? = nil, of account: String? = nil
    ) async throws(VaultError) -> Bool {
        try await audited(.delete, id, tenant: account) { () async throws(VaultError) in
            try await write { plan throws(VaultError) in try await plan.delete(id, expectedRevision: expectedRevision) }
        }
    }

    /// Removes several keys, all of them or none.
    ///
    /// - Parameter keys: each id at most once, with the revision that must be the current one; `nil` for no such condition.
    /// - Throws: ``VaultError`` `conflict`, `store`, …
    package func delete(_ keys: [(id: RecordID, expectedRevision: UInt64?)]) async throws(VaultError) {
        for key in keys { try checkNotReserved(key.id) }
        try await audited(.delete, each: keys.map(\.id)) { () async throws(VaultError) in
            try await write { plan throws(VaultError) in
                for key in keys { _ = try await plan.delete(key.id, expectedRevision: key.expectedRevision) }
            }
        }
    }

    /// Removes every key of a tenant, durably and as one. Its tokens stay: ``revokeToken(_:)`` removes them one by one.
    ///
    /// - Throws: ``VaultError`` `invalidArgument` for what is no tenant's name, and for a tenant of the vault's own; `store`, …
    public func deleteAll(of tenant: String) async throws(VaultError) {
        do { try RecordID.checkTenant(tenant) } catch { throw VaultError(error) }
        guard !RecordID.isReserved(tenant: tenant) else { throw .reserved }
        try await audited(.deleteTenant, tenant: tenant) { () async throws(VaultError) in
            try await write { plan throws(VaultError) in plan.deleteTenant(tenant) }
        }
    }

    /// Plans changes on what is stored now, writes them under compare-and-swap, and plans anew when somebody was faster.
    func write<Result: Sendable>(
        _ body: (inout WritePlan) async throws(VaultError) -> Result
    ) async throws(VaultError) -> Result {
        // Each lost race means that somebody else's write succeeded; a bound keeps a bug from becoming a busy loop.
        for _ in 0..<1000 {
            try checkOpen()
            var plan = WritePlan(vault: self)
            let result = try await body(&plan)
            if plan.isOvertaken { continue }
            let batch = plan.batch
            // After a failure too: nobody knows then whether the disk has the old state or the new.
            defer { plan.forget() }
            guard !batch.changes.isEmpty else { return result }
            do {
                try await store.write(batch)
                return result
            } catch {
                switch error.code {
                case .conflict: continue
                case .staleHeader: try await liveKeys.refresh()
                default: throw VaultError(error)
                }
            }
        }
        throw VaultError(.conflict, "Others keep changing the same records.", hint: "Try again later.")
    }
}
