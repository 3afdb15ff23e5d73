import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage

import struct Foundation.Date

/// The changes of one attempt to write: read, sealed under the key that was active then, and conditional on what was read.
struct WritePlan {
    private let vault: Vault
    private let keys: KeyState
    private let now: Date
    private var changes: [RecordChange] = []
    /// What was looked at, to be changed or found to be as wished already.
    private var seen: [RecordID] = []
    private var floor: UInt64?
    /// Whether what it builds on is known to be gone: it has to be made anew.
    private(set) var isOvertaken = false

    init(vault: Vault) {
        self.vault = vault
        keys = vault.keys
        now = vault.time.date().roundedToMilliseconds
    }

    var batch: WriteBatch { WriteBatch(generation: keys.header.generation, changes: changes) }

    /// Plans to store a key.
    mutating func put(_ put: CheckedPut) async throws(VaultError) -> RecordInfo {
        let request = put.request
        let row = try await current(request.id, expected: request.expectedRevision)
        var created = now
        var order = request.order ?? 0
        var retained: [UInt8]?
        // A damaged record gives no metadata and cannot be retained, but it can be replaced.
        if let row, let old = try await openIfSound(row) {
            created = old.metadata.created
            order = request.order ?? old.metadata.order
            if let period = request.keepPreviousFor { retained = try retain(old, for: period) }
        }
        let metadata = Metadata(
            created: created, updated: now, lastValidated: put.validated?.roundedToMilliseconds, verdict: put.verdict,
            order: order, expires: request.expires?.roundedToMilliseconds,
            hint: request.secret.withSpan { Hint(of: $0) })
        let key = try await nextKey(request.id, behind: row)
        let sealed = try request.secret.withSpan { secret throws(VaultError) in
            try seal(secret, metadata, as: key, kind: .current)
        }
        if let source = put.source { try await require(source) }
        changes.append(change(key, sealed: sealed, replacing: row, retained: retained))
        return RecordInfo(id: request.id, revision: key.revision, metadata: metadata, warnings: put.warnings)
    }

    /// Plans to change what is known of a key, and not the key: a new revision inside, but no replacement that a history
    /// would show, and `updated` stays.
    ///
    /// - Returns: what is known now; `nil` where there is no key, or another one than is meant.
    mutating func mark(
        _ id: RecordID, _ meant: MarkedKey, _ change: (inout Metadata) -> Void
    ) async throws(VaultError) -> RecordInfo? {
        guard let row = try await read(id) else { return nil }
        if case .revision(let revision) = meant, revision != row.revision { return nil }
        guard let record = try await openUnlessReplaced(row) else { return nil }
        if case .secret(let secret) = meant, !record.holds(secret) { return nil }
        var metadata = record.metadata
        change(&metadata)
        guard metadata != record.metadata else {
            return RecordInfo(id: id, revision: row.revision, metadata: metadata)
        }
        let key = try await nextKey(id, behind: row)
        let sealed = try record.withSecret { secret throws(VaultError) in
            try seal(secret, metadata, as: key, kind: .current)
        }
        changes.append(self.change(key, sealed: sealed, replacing: row, retained: nil))
        return RecordInfo(id: id, revision: key.revision, metadata: metadata)
    }

    /// Plans to remove a key.
    ///
    /// - Returns: whether there is one.
    mutating func delete(_ id: RecordID, expectedRevision: UInt64?) async throws(VaultError) -> Bool {
        do throws(VaultError) {
            guard let row = try await current(id, expected: expectedRevision) else { return false }
            changes.append(.delete(id, revision: expectedRevision == nil ? nil : row.revision))
        } catch {
            // A row that the store cannot read is deleted unseen, unless the caller meant a certain one.
            guard expectedRevision == nil, error.isOfCorruptBytes else { throw error }
            changes.append(.delete(id, revision: nil))
        }
        return true
    }

    /// Plans to remove an earlier revision, if it is there.
    ///
    /// - Returns: whether it is.
    mutating func deleteRetained(_ key: RecordKey) async throws(VaultError) -> Bool {
        if try await read(key.id)?.revision == key.revision {
            throw VaultError(
                .conflict, "Revision \(key.revision) of \(key.id) is the current one.", hint: "Delete the key itself.")
        }
        changes.append(.deleteRetained(key))
        do throws(StoreError) { return try await vault.store.read(key) != nil } catch {
            guard error.code == .corrupt else { throw VaultError(error) }
            return true
        }
    }

    mutating func deleteTenant(_ tenant: String) { changes.append(.deleteTenant(tenant)) }

    /// Makes the caches forget what the plan is about: also what needs no change, since whoever changed it may not have come to that
    /// yet, or be another process.
    func forget() {
        for id in seen {
            vault.cache.invalidate(id)
            vault.directory.forget(id.tenant)
        }
        for case .deleteTenant(let tenant) in changes {
            vault.cache.invalidate(tenant: tenant)
            vault.directory.forget(tenant)
        }
    }
}

extension WritePlan {
    private func seal(
        _ secret: Span<UInt8>, _ metadata: Metadata, as key: RecordKey, kind: RecordKind
    ) throws(VaultError) -> [UInt8] {
        let master = try keys.active
        return try VaultError.wrap { () throws(CryptoError) in
            try vault.envelope.seal(
                metadata, secret: secret, as: key, kind: kind, under: master.key, random: Random.bytes(32)
            ).encoded
        }
    }

    /// The replaced key as it is kept: sealed anew as a retained row, so that it can never pass for the current one.
    private func retain(_ old: borrowing OpenedRecord, for period: Duration) throws(VaultError) -> [UInt8] {
        var metadata = old.metadata
        metadata.retainedUntil = now.advanced(by: period.seconds).roundedToMilliseconds
        let key = old.key
        return try old.withSecret { secret throws(VaultError) in try seal(secret, metadata, as: key, kind: .retained) }
    }

    private func change(
        _ key: RecordKey, sealed: [UInt8], replacing row: StoredRecord?, retained: [UInt8]?
    ) -> RecordChange {
        guard let row else { return .insert(key, sealed: sealed) }
        return .replace(
            key, sealed: sealed, replacing: row.revision, commitment: (try? SealedRecord(row.sealed))?.commitment,
            retained: retained)
    }

    /// Makes the batch fail where the earlier revision `key` is gone: by writing it again as it is.
    private mutating func require(_ key: RecordKey) async throws(VaultError) {
        guard let row = try await vault.row(at: key), let record = try? SealedRecord(row.sealed) else {
            throw .noSuchRevision(key.id)
        }
        changes.append(.rewrap(key, sealed: row.sealed, commitment: record.commitment))
    }

    /// The revision that comes next: one more than the current row's and than any that a repair has lost; or than any that was ever
    /// deleted.
    private mutating func nextKey(_ id: RecordID, behind row: StoredRecord?) async throws(VaultError) -> RecordKey {
        if row == nil, floor == nil { floor = try await vault.store.requiredHead().revisionFloor }
        let last = row.map { max($0.revision, vault.floorAtOpening) } ?? floor ?? 0
        let (next, overflow) = last.addingReportingOverflow(1)
        guard !overflow else { throw .damaged(id, cause: nil) }
        return RecordKey(id: id, revision: next)
    }

    private mutating func openIfSound(_ row: StoredRecord) async throws(VaultError) -> OpenedRecord? {
        do throws(VaultError) {
            return try await openUnlessReplaced(row)
        } catch {
            guard error.code == .damagedRecord else { throw error }
            return nil
        }
    }

    /// `nil` where the row is not there any more, and the plan with that overtaken.
    private mutating func openUnlessReplaced(_ row: StoredRecord) async throws(VaultError) -> OpenedRecord? {
        do throws(VaultError) {
            return try await vault.open(row)
        } catch {
            guard error.code == .notFound else { throw error }
            isOvertaken = true
            return nil
        }
    }

    private mutating func read(_ id: RecordID) async throws(VaultError) -> StoredRecord? {
        seen.append(id)
        return try await vault.row(of: id)
    }

    private mutating func current(_ id: RecordID, expected: UInt64?) async throws(VaultError) -> StoredRecord? {
        let row = try await read(id)
        if let expected, expected != row?.revision ?? 0 { throw .conflict(id, at: row?.revision, expected: expected) }
        return row
    }
}

extension VaultError {
    /// The current revision is not the one that the caller has seen.
    ///
    /// - Parameter revision: the current one; `nil` where the key is not stored.
    static func conflict(_ id: RecordID, at revision: UInt64?, expected: UInt64) -> VaultError {
        VaultError(
            .conflict,
            "\(id) is \(revision.map { "at revision \($0)" } ?? "not stored"), not at revision \(expected) as expected.",
            hint: "Read it again and decide anew.")
    }
}
