public import KeyVaultFormat

import struct Foundation.Date

extension Vault {
    /// Marks a key by what came of using it, durably: once this has returned, a key that was disabled is not served.
    ///
    /// A refused key is disabled until somebody enables it or a check finds it live
    /// (``VaultConfiguration/disablesRejectedKeys``); one whose provider asks for a pause rests for that long, or else for
    /// ``VaultConfiguration/coolDown``, for a day at most, and no shorter than it already was to. A key that somebody disabled stays disabled; that its provider
    /// refuses it is noted all the same, in its verdict and the time of its last check. The history shows nothing of it, and the
    /// time of the last change stays; but the revision rises, as with every mark.
    ///
    /// - Parameter secret: the key that was used; where another is stored by now, nothing happens. What others have noted of it
    ///   meanwhile does not matter: of many requests with one key, each may bring news. Default: whatever key is stored.
    /// - Returns: what is known of the key now; `nil` where nothing happened.
    @discardableResult
    public func report(
        _ feedback: KeyFeedback, for id: RecordID, using secret: Secret? = nil
    ) async throws(VaultError) -> RecordInfo? {
        let (now, configuration) = (time.date().roundedToMilliseconds, configuration)
        return try await mark(id, secret.map { .secret($0) } ?? .any) { metadata in
            switch feedback {
            case .rejected:
                metadata.verdict = .invalid
                metadata.lastValidated = now
                if configuration.disablesRejectedKeys { metadata.disable(.rejected, until: nil) }
            case .rateLimited(let retryAfter):
                let rest = min(max(retryAfter ?? configuration.coolDown, .zero), .seconds(24 * 60 * 60))
                metadata.disable(.coolingDown, until: now.addingTimeInterval(rest.seconds).roundedToMilliseconds)
            }
        }
    }

    /// Serves a key again, whatever it was disabled for.
    ///
    /// - Throws: ``VaultError`` `notFound`, `conflict`, …
    @discardableResult
    public func enable(_ id: RecordID, expectedRevision: UInt64? = nil) async throws(VaultError) -> RecordInfo {
        try await setState(.enabled, of: id, expectedRevision: expectedRevision)
    }

    /// Keeps a key, but does not serve it until somebody enables it, or puts a key in its place: what is put is served.
    ///
    /// - Throws: ``VaultError`` `notFound`, `conflict`, …
    @discardableResult
    public func disable(_ id: RecordID, expectedRevision: UInt64? = nil) async throws(VaultError) -> RecordInfo {
        try await setState(.disabled(.requested, until: nil), of: id, expectedRevision: expectedRevision)
    }

    private func setState(
        _ state: RecordState, of id: RecordID, expectedRevision: UInt64?
    ) async throws(VaultError) -> RecordInfo {
        try checkNotReserved(id)
        return try await audited(.mark, id) { () async throws(VaultError) in
            let meant = expectedRevision.map { MarkedKey.revision($0) } ?? .any
            while true {
                if let info = try await planMark(id, meant, { $0.state = state }) { return info }
                let revision = try await metadata(for: id).revision
                if let expectedRevision { throw .conflict(id, at: revision, expected: expectedRevision) }
                // The key was not there, and has been put by now: it is the one that is meant.
            }
        }
    }

    /// Changes what is known of a key, and not the key.
    ///
    /// - Returns: what is known now; `nil` where the key is gone, or another one than is meant.
    func mark(
        _ id: RecordID, _ meant: MarkedKey, _ change: @escaping @Sendable (inout Metadata) -> Void
    ) async throws(VaultError) -> RecordInfo? {
        try checkNotReserved(id)
        return try await audited(.mark, id) { () async throws(VaultError) in
            try await planMark(id, meant, change)
        }
    }

    private func planMark(
        _ id: RecordID, _ meant: MarkedKey, _ change: @escaping @Sendable (inout Metadata) -> Void
    ) async throws(VaultError) -> RecordInfo? {
        try await write { plan throws(VaultError) in try await plan.mark(id, meant, change) }
    }
}
