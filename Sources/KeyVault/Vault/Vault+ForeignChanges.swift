import KeyVaultStorage
import Logging

extension Vault {
    /// A look that takes longer than this, and than the interval, makes the vault forget what it has cached.
    private static let patienceWithLooks = Duration.milliseconds(250)

    /// Looks now and then whether another process changed the store, for as long as the vault is there.
    ///
    /// - Parameter seen: what the store said before this vault read anything from it; `nil` where it could not say, so that whatever
    ///   was read until it can is forgotten.
    ///
    /// The task refers weakly to what the vault is made of, not to the vault: an object that is weakly referred to counts its
    /// references on a longer way, and the vault is retained by whoever reads a key.
    func watchForeignChanges(since seen: UInt64?) -> Task<Void, Never> {
        let interval = min(max(configuration.foreignChangeInterval, .milliseconds(1)), .seconds(86_400))
        let (time, logger) = (time, configuration.logger)
        return Task { [weak cache, weak directory, weak liveKeys] in
            var seen = seen
            var isBehind = false
            var metrics = VaultMetrics()
            while !Task.isCancelled {
                // Held for the look only: a vault that nobody holds ends.
                do {
                    guard let cache, let directory, let liveKeys else { return }
                    let forget = { @Sendable [weak cache, weak directory] in
                        cache?.invalidateAll()
                        directory?.forgetAll()
                    }
                    let answer = await Self.look(
                        at: liveKeys.store, time, patience: max(interval, Self.patienceWithLooks), forget)
                    // A store out of reach changes nothing; what is cached ages by its own clock.
                    if let current = answer {
                        if seen != current {
                            logger.debug("another process changed the store")
                            forget()
                            isBehind = true
                        }
                        seen = current
                    }
                    // Not waited for: a source of keys may take its time. Where one was under way already, it may have read the
                    // header before this change: the next look tries again. One that fails waits for the next change, or
                    // for somebody who meets a key that is not held.
                    if isBehind { isBehind = !liveKeys.startRefresh().isNew }
                    metrics.report(cache.statistics)
                }
                do { try await time.sleep(interval) } catch { return }
            }
        }
    }

    /// What the store says of others' changes; `nil` where it cannot.
    ///
    /// A store that is busy with a long write does not answer meanwhile. What is cached may be gone by then: `forget` is called each time
    /// `patience` has passed.
    private static func look(
        at store: any RecordStore, _ time: TimeSource, patience: Duration, _ forget: @escaping @Sendable () -> Void
    ) async -> UInt64? {
        let impatience = Task {
            while true {
                try await time.sleep(patience)
                try Task.checkCancellation()
                forget()
            }
        }
        defer { impatience.cancel() }
        return await withTaskCancellationHandler {
            try? await store.foreignChanges()
        } onCancel: {
            impatience.cancel()
        }
    }
}
