import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage
import Synchronization

public import struct Foundation.Date

extension Vault {
    /// Makes a token that speaks for `tenant`, and keeps a hash of it.
    ///
    /// - Parameter expires: from when on the token is refused. Default: never.
    /// - Throws: ``VaultError`` `invalidArgument`, `store`, …
    public func createToken(for tenant: String, expires: Date? = nil) async throws(VaultError) -> NewToken {
        do { try RecordID.checkTenant(tenant) } catch { throw VaultError(error) }
        guard !RecordID.isReserved(tenant: tenant) else { throw .reserved }
        let id = try VaultError.wrap { () throws(CryptoError) in try TokenText.randomID() }
        let secret = try VaultError.wrap { () throws(CryptoError) in
            try GuardedBytes.random(count: TokenText.secretLength)
        }
        let verifier = try secret.withSpan { secret throws(VaultError) in try TokenText.verifier(of: secret, id: id) }
        let request = PutRequest(
            try TokenRecord.id(of: id), try TokenRecord(verifier: verifier, expires: expires, tenant: tenant).secret(),
            expectedRevision: 0, expires: expires)
        let metadata = try await putUnchecked([request], for: tenant)[0].metadata
        return NewToken(
            info: TokenInfo(id: id, tenant: tenant, created: metadata.created, expires: metadata.expires),
            token: secret.withSpan { TokenText.text(id: id, secret: $0) })
    }

    /// The tokens of `tenant`, or all, expired ones too.
    ///
    /// One whose record does not open is listed with all: whose it was cannot be told.
    ///
    /// - Throws: ``VaultError`` `store`, `closed`, …
    public func tokens(of tenant: String? = nil) async throws(VaultError) -> [TokenInfo] {
        try checkOpen()
        var tokens: [TokenInfo] = []
        try await forEachCurrentRow(of: TokenRecord.tenant) { row throws(VaultError) in
            guard let info = try await info(of: row) else { return }
            if let tenant, info.tenant.map({ $0.utf8.elementsEqual(tenant.utf8) }) != true { return }
            tokens.append(info)
        }
        return tokens
    }

    /// Removes a token, durably. Once this has returned this process refuses it; others do within
    /// ``VaultConfiguration/foreignChangeInterval``.
    ///
    /// - Parameter id: ``TokenInfo/id``, not the token.
    /// - Returns: whether there was one.
    /// - Throws: ``VaultError`` `invalidArgument` for what is no id, such as the token itself; `store`, …
    @discardableResult
    public func revokeToken(_ id: String) async throws(VaultError) -> Bool {
        // It may be the token: it is not repeated, and goes no further.
        guard TokenText.isID(id) else {
            throw VaultError(
                .invalidArgument, "That is no token's id.",
                hint: "Give the id that the list of tokens shows: 16 digits.")
        }
        let record = try TokenRecord.id(of: id)
        // Where another process was faster, too: what this one remembers of the token may be from before. And where the store fails:
        // it may have removed the token all the same.
        revokedTokens.withLock { _ = $0.insert(id) }
        return try await deleteUnchecked(record, of: auditedAccount(of: record))
    }

    /// Whose token it is, as the audit is told; `nil` where nobody asks, and where it cannot be read: it is revoked all the same.
    private func auditedAccount(of token: RecordID) async -> String? {
        guard configuration.audit != nil, let row = try? await row(of: token) else { return nil }
        return (try? await info(of: row))??.tenant
    }

    /// Finds out for whom `token` speaks.
    ///
    /// It is read like a key, through the cache, and so costs about as much.
    ///
    /// - Returns: `nil` for what is no token, and for one that is unknown, revoked or expired.
    /// - Throws: ``VaultError`` `store`, `damagedRecord`, … where it could not be found out.
    public func authenticate(_ token: String) async throws(VaultError) -> TokenInfo? {
        guard let text = try TokenText(token) else { return nil }
        return try await authenticate(text)
    }

    func authenticate(_ text: TokenText) async throws(VaultError) -> TokenInfo? {
        let id = try TokenRecord.id(of: text.id)
        do throws(VaultError) {
            let lease = try await leaseUnaudited(id)
            let record = try lease.withSpan { bytes throws(VaultError) in try TokenRecord(bytes, of: id) }
            guard record.matches(text.verifier), record.expires.map({ time.date() < $0 }) ?? true else { return nil }
            return TokenInfo(id: text.id, tenant: record.tenant, created: nil, expires: record.expires)
        } catch {
            if [.notFound, .expired, .disabled].contains(error.code) { return nil }
            throw error
        }
    }

    /// `nil` where the token was revoked since it was listed.
    private func info(of row: StoredRecord) async throws(VaultError) -> TokenInfo? {
        do throws(VaultError) {
            let record = try await open(row)
            let token = try record.withSecret { bytes throws(VaultError) in try TokenRecord(bytes, of: row.id) }
            return TokenInfo(
                id: row.id.provider, tenant: token.tenant, created: record.metadata.created,
                expires: record.metadata.expires)
        } catch {
            if error.code == .notFound { return nil }
            guard error.isOfUnreadableRecord else { throw error }
            return TokenInfo(id: row.id.provider, tenant: nil, created: nil, expires: nil, code: error.code)
        }
    }
}
