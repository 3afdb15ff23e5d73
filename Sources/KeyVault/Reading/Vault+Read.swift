import KeyVaultCrypto
public import KeyVaultFormat
import KeyVaultStorage

import struct Foundation.Date

extension Vault {
    /// Runs `body` on the key stored for `id`, which lies in guarded memory and is wiped when `body` returns.
    ///
    /// The span must not leave the closure; the compiler sees to it. What `body` copies out is the caller's to protect.
    ///
    /// - Returns: what `body` returns.
    /// - Throws: ``VaultError`` (`notFound`, `expired`, `disabled`, `damagedRecord`, `store`, `closed`, …), or what `body`
    ///   throws.
    @inlinable
    public func withSecret<Result, Failure: Error>(
        _ id: RecordID, _ body: (RawSpan) throws(Failure) -> Result
    ) async throws -> Result {
        // A thin generic shell, specialised where it is called, around what is not generic: without that, metadata look-ups
        // would cost a tenth of a hit. A hit is not even an asynchronous call.
        if let lease = try cachedLease(id) {
            return try lease.withSpan { secret throws(Failure) in try unsafe body(secret.bytes) }
        }
        return try await lease(id).withSpan { secret throws(Failure) in try unsafe body(secret.bytes) }
    }

    /// Runs `body` on the key stored for `id`, as the other `withSecret` does, for as long as it takes.
    @inlinable
    public func withSecret<Result, Failure: Error>(
        _ id: RecordID, _ body: (RawSpan) async throws(Failure) -> Result
    ) async throws -> Result {
        if let lease = try cachedLease(id) {
            return try await lease.withSpan { secret async throws(Failure) in try await unsafe body(secret.bytes) }
        }
        return try await lease(id).withSpan { secret async throws(Failure) in try await unsafe body(secret.bytes) }
    }

    /// What can be had without waiting and without an audit: most of all secrets, on the shortest way.
    @usableFromInline
    func cachedLease(_ id: RecordID) throws(VaultError) -> SecretLease? {
        guard configuration.audit == nil else { return nil }
        try checkNotReserved(id)
        try checkOpen()
        switch try VaultError.wrap({ () throws(CryptoError) in try cache.lookup(id) }) {
        case .secret(let lease)?: return lease
        case .absent?: throw .notFound(id)
        case nil: return nil
        }
    }

    /// Whether a read of `id` can succeed just now though the store is out of reach.
    func isServedWithoutStore(_ id: RecordID) -> Bool { cache.holdsSecret(of: id) }

    /// The secret of `id` for one use, in guarded memory.
    @usableFromInline
    func lease(_ id: RecordID) async throws(VaultError) -> SecretLease {
        try checkNotReserved(id)
        guard configuration.audit == nil else {
            return try await audited(.read, id) { () async throws(VaultError) in try await leaseUnaudited(id) }
        }
        return try await leaseUnaudited(id)
    }

    /// As ``lease(_:)``, for the vault's own records too, and without a word to the audit hook.
    package func leaseUnaudited(_ id: RecordID) async throws(VaultError) -> SecretLease {
        try checkOpen()
        switch try await cache.read(id, fill: { () async throws(VaultError) in try await readThrough(id) }) {
        case .secret(let lease): return lease
        case .absent: throw .notFound(id)
        }
    }

    /// Reads the current row from the store and opens it.
    private func readThrough(_ id: RecordID) async throws(VaultError) -> CacheFill {
        guard let record = try await openCurrent(id) else { return .absent }
        let now = time.date()
        try record.metadata.checkServed(id, at: now)
        let lifetime = record.metadata.expires.map { Duration(clamping: $0.timeIntervalSince(now)) }
        return .secret(record.lease(), lifetime: lifetime)
    }
}

extension Metadata {
    /// Refuses a key that has expired or is disabled.
    ///
    /// - Parameter revision: which one is meant, where it is not the current one.
    func checkServed(_ id: RecordID, revision: UInt64? = nil, at now: Date) throws(VaultError) {
        let key = revision.map { "Revision \($0) of the key \(id)" } ?? "The key \(id)"
        switch obstacle(at: now) {
        case nil: return
        case .expired(let end):
            throw VaultError(
                .expired, "\(key) expired at \(end.iso8601).",
                hint: "Put a new one, or put it with a later date.", cause: NoUsableKey(passedOver: [.expired(id)]))
        case .disabled(let reason, let until):
            throw VaultError(
                .disabled,
                "\(key) is disabled: \(reason)\(until.map { ", until \($0.iso8601)" } ?? "").",
                hint: "Enable it, or put a new one.",
                cause: NoUsableKey(passedOver: [.disabled(id, reason, until: until)]))
        }
    }
}
