public import KeyVaultFormat
import KeyVaultStorage

extension Vault {
    /// The revisions of `id` that can be read, the newest first: the current one, and those that are kept.
    ///
    /// - Throws: ``VaultError`` `notFound`, `store`, …
    public func history(of id: RecordID) async throws(VaultError) -> [HistoryEntry] {
        try checkOpen()
        try checkNotReserved(id)
        let rows = try await rows(of: id)
        guard let current = rows.last else { throw .notFound(id) }
        var entries: [HistoryEntry] = []
        for row in rows {
            let isCurrent = row.revision == current.revision
            let (metadata, code) = try await metadataIfSound(row, kind: isCurrent ? .current : .retained)
            // Replaced since its page was read, and not kept.
            if code == .notFound { continue }
            if let until = metadata?.retainedUntil, until <= time.date() { continue }
            entries.append(
                HistoryEntry(revision: row.revision, isCurrent: isCurrent, metadata: metadata, code: code))
        }
        return entries.reversed()
    }

    /// Runs `body` on an earlier revision of the key stored for `id`, which was kept when it was replaced.
    ///
    /// It is read from the store each time: the cache holds current keys only.
    ///
    /// - Throws: ``VaultError`` `notFound` for a revision that is not kept, `expired` for one whose time has ended, `disabled` for one
    ///   that was disabled when replaced (a cool-down does not count).
    public func withSecret<Result, Failure: Error>(
        _ id: RecordID, revision: UInt64, _ body: (RawSpan) throws(Failure) -> Result
    ) async throws -> Result {
        // The bytes of a span of bytes have no padding; here and below.
        try await lease(id, revision: revision).withSpan { secret throws(Failure) in try unsafe body(secret.bytes) }
    }

    /// Runs `body` on an earlier revision, as the other one does, for as long as it takes.
    public func withSecret<Result, Failure: Error>(
        _ id: RecordID, revision: UInt64, _ body: (RawSpan) async throws(Failure) -> Result
    ) async throws -> Result {
        try await lease(id, revision: revision).withSpan { secret async throws(Failure) in
            try await unsafe body(secret.bytes)
        }
    }

    private func lease(_ id: RecordID, revision: UInt64) async throws(VaultError) -> SecretLease {
        try await audited(.read, id) { () async throws(VaultError) in
            try checkNotReserved(id)
            return try await openRevision(RecordKey(id: id, revision: revision), toServe: true).lease()
        }
    }

    /// Makes an earlier revision current again: its key becomes the newest revision.
    ///
    /// It is put like any key: the rules are asked, and the provider where the vault is configured so. It is served
    /// then, though it may have been disabled before it was replaced: going back to it is a decision of its own.
    ///
    /// - Parameters:
    ///   - revision: which one; `nil` for the newest whose time has not ended.
    ///   - keepPreviousFor: how long the key that is replaced can still be read. Default: not at all.
    /// - Throws: ``VaultError`` `notFound` where none is kept, `expired` where its time or its key's has ended, `keyRejected`,
    ///   `inconclusiveCheck`, `conflict` where the key was changed meanwhile, `damagedRecord`, `store`, …
    @discardableResult
    public func rollback(
        _ id: RecordID, to revision: UInt64? = nil, keepPreviousFor: Duration? = nil
    ) async throws(VaultError) -> RecordInfo {
        try checkOpen()
        try checkNotReserved(id)
        let rows = try await rows(of: id)
        guard let current = rows.last else { throw .notFound(id) }
        var target = revision
        if target == nil { target = try await newestRetained(of: rows) }
        guard let target else {
            throw VaultError(
                .notFound, "No earlier revision of \(id) is kept.", hint: "Keep one when the key is replaced.")
        }
        guard target != current.revision else {
            throw VaultError(
                .notFound, "Revision \(target) of \(id) is the current one already.", hint: "Name an earlier one.")
        }
        let old = try await openRevision(RecordKey(id: id, revision: target), toServe: false)
        if let end = old.metadata.expires, end <= time.date() {
            throw VaultError(
                .expired, "The key of revision \(target) of \(id) expired at \(end.iso8601).", hint: "Put a new one.")
        }
        let secret = try old.withSecret { secret throws(VaultError) in
            try Secret(copying: secret)
        }
        let request = PutRequest(
            id, secret, expectedRevision: current.revision, expires: old.metadata.expires,
            keepPreviousFor: keepPreviousFor, order: old.metadata.order)
        return try await writePuts([request]) { () async throws(VaultError) in
            var puts = try await check([request])
            // While the provider was asked, somebody may have deleted that very revision.
            puts[0].source = old.key
            return puts
        }[0]
    }

    /// Removes one earlier revision, whether its time has ended or not. Removing one that is not kept is no error.
    ///
    /// - Returns: whether it was there.
    /// - Throws: ``VaultError`` `conflict` for the current revision, which ``delete(_:expectedRevision:)`` removes.
    @discardableResult
    public func deleteRevision(_ revision: UInt64, of id: RecordID) async throws(VaultError) -> Bool {
        try checkNotReserved(id)
        return try await removeRetained(RecordKey(id: id, revision: revision))
    }

    private func removeRetained(_ key: RecordKey) async throws(VaultError) -> Bool {
        try await audited(.delete, key.id) { () async throws(VaultError) in
            try await write { plan throws(VaultError) in try await plan.deleteRetained(key) }
        }
    }

    /// Removes keys and tokens that have expired, and earlier revisions whose time has ended.
    ///
    /// An expired key stays for as long as an earlier revision of it can be read, which would go with it; also where that cannot be
    /// read for the moment, for want of its master key or of a later release.
    ///
    /// - Throws: ``VaultError`` `cancelled`, `store`, `closed`, …: what was removed before stays so.
    public func sweep() async throws(VaultError) -> SweepReport {
        var report = SweepReport()
        let now = time.date()
        var found: [(key: RecordKey, kind: RecordKind)] = []
        // The id of the last earlier revision whose time has not ended: the current one comes behind it.
        var kept: RecordID?
        try await forEachRow { row, kind throws(VaultError) in
            let (metadata, code) = try await metadataIfSound(row, kind: kind)
            guard let metadata else {
                // What cannot be read for the moment only may be kept for longer.
                if kind == .retained, code != .damagedRecord, code != .notFound { kept = row.id }
                return
            }
            let end = kind == .current ? metadata.expires : metadata.retainedUntil
            let hasEnded = end.map { $0 <= now } ?? false
            if hasEnded, kind == .retained || kept != row.id { found.append((row.key, kind)) }
            if !hasEnded, kind == .retained { kept = row.id }
        } page: { () throws(VaultError) in
            for (key, kind) in found {
                switch kind {
                case .retained:
                    if try await removeRetained(key) { report.revisions += 1 }
                case .current:
                    // A key that was replaced since is not the one that had expired.
                    do throws(VaultError) {
                        if try await deleteUnchecked(key.id, expectedRevision: key.revision) { report.expired += 1 }
                    } catch { guard error.code == .conflict else { throw error } }
                }
            }
            found = []
        }
        return report
    }

    /// All rows of `id`, the oldest first.
    private func rows(of id: RecordID) async throws(VaultError) -> [StoredRecord] {
        var rows: [StoredRecord] = []
        let pageSize = 64
        while true {
            let cursor = rows.last?.key ?? RecordKey(id: id, revision: 0)
            let page = try await self.rows(.everythingOf(tenant: id.tenant), after: cursor, limit: pageSize)
            let own = page.prefix { $0.id == id }
            rows += own
            guard own.count == pageSize else { return rows }
        }
    }

    /// The newest of the rows before the last whose time has not ended.
    private func newestRetained(of rows: [StoredRecord]) async throws(VaultError) -> UInt64? {
        for row in rows.dropLast().reversed() {
            let until = try await metadataIfSound(row, kind: .retained).metadata?.retainedUntil
            if until.map({ time.date() < $0 }) ?? true { return row.revision }
        }
        return nil
    }

    /// What is known of a row; else why nothing is.
    private func metadataIfSound(
        _ row: StoredRecord, kind: RecordKind
    ) async throws(VaultError) -> (metadata: Metadata?, code: VaultError.Code?) {
        do throws(VaultError) {
            return (try await open(row, kind: kind).metadata, nil)
        } catch {
            guard error.isOfUnreadableRecord || error.code == .notFound else { throw error }
            return (nil, error.code)
        }
    }

    private func openRevision(_ key: RecordKey, toServe: Bool) async throws(VaultError) -> OpenedRecord {
        try checkOpen()
        let current = try await row(of: key.id)
        let isCurrent = current?.key == key
        // Not by a list of all: a flat file sorts everything that it holds for its first one.
        guard let row = isCurrent ? current : try await row(at: key) else { throw .noSuchRevision(key.id) }
        let record = try await open(row, kind: isCurrent ? .current : .retained)
        if toServe {
            var metadata = record.metadata
            // When a pause ends is not kept with an earlier revision.
            if !isCurrent, case .disabled(.coolingDown, _) = metadata.state { metadata.state = .enabled }
            try metadata.checkServed(key.id, revision: isCurrent ? nil : key.revision, at: time.date())
        }
        if let until = record.metadata.retainedUntil, until <= time.date() {
            throw VaultError(
                .expired, "Revision \(key.revision) of \(key.id) was kept until \(until.iso8601).",
                hint: "Put the key anew.")
        }
        return record
    }
}

extension VaultError {
    static func noSuchRevision(_ id: RecordID) -> VaultError {
        VaultError(
            .notFound, "That revision of \(id) is not kept.", hint: "The key's history says which are.")
    }
}
