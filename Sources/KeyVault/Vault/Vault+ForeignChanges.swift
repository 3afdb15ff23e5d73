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
                    // A store that is busy with a long write does not answer meanwhile: what is cached may be gone by then.
                    let impatience = Task { [weak cache, weak directory] in
                        while true {
                            try await time.sleep(max(interval, Self.patienceWithLooks))
                            try Task.checkCancellation()
                            cache?.invalidateAll()
                            directory?.forgetAll()
                        }
                    }
                    let answer = await withTaskCancellationHandler {
                        try? await liveKeys.store.foreignChanges()
                    } onCancel: {
                        impatience.cancel()
                    }
                    impatience.cancel()
                    // A store out of reach changes nothing; what is cached ages by its own clock.
                    if let current = answer {
                        if seen != current {
                            logger.debug("another process changed the store")
                            cache.invalidateAll()
                            directory.forgetAll()
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
}
