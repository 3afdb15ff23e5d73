extension FileLog {
    /// Holds the log for this process alone, for as long as the result lives.
    static func takeLock(
        _ paths: LogPaths, _ layer: any FileLayer, _ settings: Settings
    ) throws(StoreError) -> any NamedFile {
        if !settings.allowsNetwork {
            let isOnNetwork: Bool
            do { isOnNetwork = try layer.isOnNetwork(paths.log) } catch { throw error.doing("looked for", paths.log) }
            guard !isOnNetwork else { throw .onNetwork(paths.log) }
        }
        let outcome: LockOutcome
        do { outcome = try layer.lock(paths.lock, of: paths.log) } catch { throw error.doing("locked", paths.lock) }
        switch outcome {
        case .held(let lock): return lock
        case .heldElsewhere(let holder):
            guard holder != layer.processID else {
                throw StoreError(
                    .busy,
                    "\(paths.log) is open in this process already. Close that vault or store first: one that was let go gives the "
                        + "file up a moment later.")
            }
            let who = holder.map { "process \($0)" } ?? "another process"
            throw StoreError(.busy, "\(paths.log) is in use by \(who). A file store serves one process at a time.")
        }
    }

    /// `path` without symbolic links: all who name one log, by whatever way, have to meet at one lock.
    static func resolve(_ path: String, creating: Bool, _ layer: any FileLayer) throws(StoreError) -> String {
        do { return try layer.resolve(path) } catch .notFound {
            guard creating else { throw notFound(path) }
            throw StoreError(.notFound, "The directory of \(path) does not exist. Create it.")
        } catch { throw error.doing("looked for", path) }
    }

    static func open(
        _ paths: LogPaths, creating: Bool, _ layer: any FileLayer
    ) throws(StoreError) -> LogFile {
        try paths.checkFree(layer)
        for leftover in [paths.newLog, paths.newHint] {
            do { try layer.remove(leftover) } catch .notFound {} catch { throw error.doing("removed", leftover) }
        }
        if let log = try LogFile(existing: paths.log, layer) { return log }
        guard creating else { throw notFound(paths.log) }
        var new = try NewLog(LogHeader(generation: 1, hashKey: layer.makeHashKey()), paths, layer)
        do throws(StoreError) {
            try new.finish()
            try new.takePlace()
            try new.syncPlace()
        } catch {
            new.abandon()
            throw error
        }
        return new.log
    }

    static func notFound(_ path: String) -> StoreError {
        StoreError(.notFound, "There is no file store at \(path).")
    }

    /// Refuses to go on where another process may have the log, since its lock was moved or deleted.
    static func checkLock(_ lock: any NamedFile, of paths: LogPaths) throws(StoreError) {
        let isInPlace: Bool
        do { isInPlace = try lock.isStill(at: paths.lock) } catch { throw error.doing("looked for", paths.lock) }
        guard isInPlace else {
            throw StoreError(
                .io,
                "\(paths.lock) was moved or deleted while \(paths.log) was open: another process may have it too. Put it back, or "
                    + "restart what has it open.")
        }
    }
}
