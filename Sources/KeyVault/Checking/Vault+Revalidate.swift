public import KeyVaultFormat
import KeyVaultStorage

import struct Foundation.Date

extension Vault {
    /// Asks the providers of many keys whether they are still live, and marks each by the answer.
    ///
    /// A key that is found invalid is marked, and disabled where ``VaultConfiguration/disablesRejectedKeys`` says so; one that
    /// was disabled because of a refusal and is live again is enabled. A check that comes to no end changes nothing. Cancel
    /// the task to stop; begin behind the last `cursor` to resume.
    ///
    /// - Parameters:
    ///   - validator: asks the providers.
    ///   - report: is told of every key that was checked, and how far the whole has come.
    /// - Throws: ``VaultError`` `cancelled`, `store`, …
    @discardableResult
    public func revalidate(
        _ options: RevalidationOptions = RevalidationOptions(), with validator: some ProviderValidator,
        report: @escaping @Sendable (RevalidationResult, RevalidationProgress) async -> Void = { _, _ in }
    ) async throws(VaultError) -> RevalidationProgress {
        if let tenant = options.tenant, RecordID.isReserved(tenant: tenant) { throw .reserved }
        let scope = try scope(of: options.tenant)
        let pace = ProviderPace(interval: options.pace, time: time)
        var progress = RevalidationProgress()
        progress.cursor = options.after
        while true {
            try checkOpen()
            guard !Task.isCancelled else { throw VaultError(.cancelled, "The re-validation was cancelled.") }
            let rows = try await rows(scope, after: progress.cursor.map(RecordKey.behind))
            let failure = await withTaskGroup(of: Swift.Result<RevalidationResult?, VaultError>.self) { group in
                var waiting = rows.map(\.id)[...]
                var failure: VaultError?
                func startNext() {
                    guard let id = waiting.popFirst() else { return }
                    group.addTask { await self.revalidate(id, with: validator, at: pace) }
                }
                for _ in 0..<min(max(1, options.concurrency), rows.count) { startNext() }
                for await result in group {
                    switch result {
                    case .success(nil): break
                    case .success(let result?):
                        progress.count(result)
                        await report(result, progress)
                    case .failure(let error):
                        if failure == nil { failure = error }
                        waiting = []
                        group.cancelAll()
                    }
                    startNext()
                }
                return failure
            }
            // A page that was cancelled half-way is done again.
            guard !Task.isCancelled else { throw VaultError(.cancelled, "The re-validation was cancelled.") }
            if let failure { throw failure }
            if let last = rows.last { progress.cursor = last.id }
            guard rows.count == Self.pageSize else { return progress }
        }
    }

    /// `nil` where the task was cancelled before the key was checked.
    private func revalidate(
        _ id: RecordID, with validator: some ProviderValidator, at pace: ProviderPace
    ) async -> Swift.Result<RevalidationResult?, VaultError> {
        do throws(VaultError) {
            return .success(try await check(id, with: validator, at: pace))
        } catch {
            // This key is gone, does not open or is another one by now. Anything else is no matter of one key.
            guard error.isOfRecord || error.code == .notFound || error.code == .conflict else {
                return .failure(error)
            }
            return .success(RevalidationResult(id: id, validation: nil, wasDisabled: false))
        }
    }

    private func check(
        _ id: RecordID, with validator: some ProviderValidator, at pace: ProviderPace
    ) async throws(VaultError) -> RevalidationResult? {
        let unchecked = RevalidationResult(id: id, validation: nil, wasDisabled: false)
        guard let provider = configuration.providers[id.provider] else { return unchecked }
        // A provider without a check answers without being asked.
        if provider.check != nil {
            do { try await pace.turn(at: provider.name) } catch { return nil }
        }
        // Only now, which may be minutes after its page: what was deleted or replaced meanwhile is sent to nobody.
        let (secret, revision) = try await secretToCheck(id)
        let validation = await secret.withSpan { bytes in await unsafe validator.validate(bytes.bytes, of: provider) }
        guard !Task.isCancelled else { return nil }
        if let retryAfter = validation.retryAfter {
            await pace.pause(provider.name, for: Duration(clamping: retryAfter.timeIntervalSince(time.date())))
        }
        guard let marked = try await mark(id, secret, revision, by: validation) else { return unchecked }
        let wasDisabled =
            if case .disabled(.rejected, _) = marked.metadata.state { validation.verdict == .invalid } else { false }
        return RevalidationResult(id: id, validation: validation, wasDisabled: wasDisabled)
    }

    /// Asks the provider of one key whether it is live, and marks the key by the answer.
    ///
    /// - Throws: ``VaultError`` `notFound`, `damagedRecord`, `invalidArgument` where no rules are known for the provider, …
    @discardableResult
    public func revalidate(
        _ id: RecordID, with validator: some ProviderValidator
    ) async throws(VaultError) -> Validation {
        try checkOpen()
        try checkNotReserved(id)
        guard let provider = configuration.providers[id.provider] else {
            throw VaultError(
                .invalidArgument, "No rules are known for the provider \(id.provider).",
                hint: "Known are \(configuration.providers.names.joined(separator: ", ")).")
        }
        let (secret, revision) = try await secretToCheck(id)
        let validation = await secret.withSpan { bytes in await unsafe validator.validate(bytes.bytes, of: provider) }
        _ = try await mark(id, secret, revision, by: validation)
        return validation
    }

    private func secretToCheck(_ id: RecordID) async throws(VaultError) -> (secret: Secret, revision: UInt64) {
        let record = try await audited(.read, id) { () async throws(VaultError) in
            guard let record = try await openCurrent(id) else { throw .notFound(id) }
            return record
        }
        let secret = try record.withSecret { secret throws(VaultError) in try Secret(copying: secret) }
        return (secret, record.key.revision)
    }

    /// Marks the key that was checked: one that was put meanwhile is another.
    private func mark(
        _ id: RecordID, _ secret: Secret, _ revision: UInt64, by validation: Validation
    ) async throws(VaultError) -> RecordInfo? {
        let disables = configuration.disablesRejectedKeys
        // That it is refused holds whatever was noted of it meanwhile. That it is live does not: what was noted may be newer.
        let meant = validation.verdict == .invalid ? MarkedKey.secret(secret) : .revision(revision)
        return try await mark(id, meant) { metadata in
            metadata.apply(validation, disablesRejectedKeys: disables)
        }
    }
}

extension RevalidationProgress {
    fileprivate mutating func count(_ result: RevalidationResult) {
        seen += 1
        switch result.validation?.verdict {
        case .invalid?: invalid += 1
        case let verdict? where verdict.isLive: live += 1
        default: inconclusive += 1
        }
    }
}
