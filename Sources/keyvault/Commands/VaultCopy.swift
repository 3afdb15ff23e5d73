import KeyVault
import KeyVaultSQLite

/// Copies a vault from one store to another and verifies the copy: what `backup`, `restore` and `migrate` have in common.
struct VaultCopy {
    enum Method {
        /// The store's own way, where it has one: while writers go on.
        case wholeStore
        /// What works between any two stores, while nobody writes.
        case recordByRecord
    }

    let options: GlobalOptions

    func run(from source: StoreURL, to target: StoreURL, method: Method) async throws {
        let report = try await options.withVault(at: source) { vault, store in
            if method == .wholeStore, let store = store as? SQLiteStore {
                return try await copyFile(of: store, vault, to: target)
            }
            return try await copyRecords(of: vault, to: target)
        }
        options.console.endProgress()
        try options.console.say("Copied \(source) to \(target) and verified it: \(report.records.keys).")
        guard report.damaged.isEmpty else {
            let damaged = report.damaged.damaged
            guard !damaged.isEmpty else {
                throw Failure(
                    unreadable: report.damaged.reason,
                    "Records that could not be opened were copied as they are: \(report.damaged.summary).")
            }
            throw Failure(
                .integrity, "Damaged records were copied as they are: \(damaged.summary).",
                hint: "Put those keys again, or look for them in an older backup.")
        }
    }

    private func copyFile(of store: SQLiteStore, _ vault: Vault, to target: StoreURL) async throws -> VerifyReport {
        let console = options.console
        try await store.backup(to: target.path) { progress in
            console.progress("copied \(progress.pagesCopied) of \(progress.pagesInAll) pages")
        }
        return try await target.withStore { copy in
            try await vault.verifyCopy(in: copy) { console.progress("verified \($0.records.keys)") }
        }
    }

    private func copyRecords(of vault: Vault, to target: StoreURL) async throws -> VerifyReport {
        let console = options.console
        return try await target.withStore(create: true) { copy in
            try await vault.copy(to: copy) { console.progress("copied \($0) records") }
        }
    }
}

extension StoreURL {
    /// Runs `body` on the store, and closes it.
    fileprivate func withStore<Result>(
        create: Bool = false, _ body: (any RecordStore) async throws -> Result
    ) async throws -> Result {
        let store = try await open(create: create)
        do {
            let result = try await body(store)
            await store.close()
            return result
        } catch {
            await store.close()
            throw error
        }
    }
}
