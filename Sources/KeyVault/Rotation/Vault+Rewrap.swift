import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage

extension Vault {
    /// Moves every row that is not on `new` to it, until a scan finds none.
    ///
    /// - Returns: the generation of the header that was believed when that scan began.
    func rewrapAll(
        to new: MasterKeyRing.Holder, mode: RotationReport.Mode, dryRun: Bool, report: inout RotationReport,
        progress: (RotationReport) -> Void
    ) async throws(VaultError) -> UInt64 {
        // A row that was changed while we looked at it shows in the next scan: sealed by a writer who knows the new key. The
        // last scan, which finds nothing to move, is the proof that nothing is on the old keys.
        var isProven = false
        var generation: UInt64 = 0
        while !isProven {
            // A dry run moves nothing that it might count a second time.
            if dryRun { report = RotationReport() }
            let failedBefore = report.failed
            generation = keys.header.generation
            let found = try await scan(to: new, mode: mode, dryRun: dryRun, report: &report, progress: progress)
            // A failure has to be seen twice: the row may have been read just before somebody else moved it.
            isProven = dryRun || (found == 0 && report.failed == failedBefore)
            // And not under the key of another rotation, of which the header that is believed says nothing yet.
            if !report.failed.isEmpty {
                try await liveKeys.refresh()
                if dryRun { isProven = keys.header.generation == generation } else { try checkActive(new) }
            }
        }
        return generation
    }

    /// - Returns: how many rows were found on another key.
    private func scan(
        to new: MasterKeyRing.Holder, mode: RotationReport.Mode, dryRun: Bool, report: inout RotationReport,
        progress: (RotationReport) -> Void
    ) async throws(VaultError) -> Int {
        var now = RotationReport()
        now.rewrapped = report.rewrapped
        var changes: [RecordChange] = []
        var writing: Task<Swift.Result<Int, VaultError>, Never>?
        var found = 0
        /// Waits until the batch that is on its way has been written.
        func settle() async throws(VaultError) {
            guard let batch = writing else { return }
            writing = nil
            let moved = try await batch.value.get()
            now.rewrapped += moved
            now.onActiveKey += moved
            progress(now)
        }
        do throws(VaultError) {
            try await forEachRow { row, kind throws(VaultError) in
                now.records += 1
                do throws(VaultError) {
                    if let change = try await move(row, kind: kind, to: new, mode: mode) {
                        changes.append(change)
                    } else {
                        now.onActiveKey += 1
                    }
                } catch {
                    if error.code == .notFound { return }
                    guard error.isOfUnreadableRecord else { throw error }
                    now.failed.append(.init(row.key, error))
                }
            } page: { () throws(VaultError) in
                found += changes.count
                if dryRun {
                    now.rewrapped += changes.count
                    progress(now)
                } else {
                    try await settle()
                    writing = startWriting(changes, to: new)
                }
                changes = []
            }
            try await settle()
        } catch {
            // Nothing is written any more once this has thrown.
            _ = await writing?.value
            throw error
        }
        report = now
        return found
    }

    /// Hands a batch to the store before it returns, so that the next one is read and wrapped while this one is written.
    private func startWriting(
        _ changes: [RecordChange], to new: MasterKeyRing.Holder
    ) -> Task<Swift.Result<Int, VaultError>, Never> {
        Task.immediate {
            do throws(VaultError) {
                return .success(try await writeMoves(changes[...], to: new))
            } catch {
                return .failure(error)
            }
        }
    }

    /// The change that puts `row` under the new key; `nil` where it is there already.
    private func move(
        _ row: StoredRecord, kind: RecordKind, to new: MasterKeyRing.Holder, mode: RotationReport.Mode
    ) async throws(VaultError) -> RecordChange? {
        let record: SealedRecord
        do { record = try SealedRecord(row.sealed) } catch { throw .unreadable(row.id, error) }
        guard record.keyID != new.key.id else { return nil }
        guard let old = keys.live(record.keyID) else { throw keys.absence(of: record.keyID, for: row.id) }
        let sealed: SealedRecord
        switch mode {
        case .rewrap:
            do {
                sealed = try envelope.rewrap(record, as: row.key, from: old.key, to: new.key)
            } catch {
                guard error == .authenticationFailed else { throw VaultError(error) }
                throw .damaged(row.id, cause: error)
            }
        case .reEncrypt:
            let opened = try await open(row, kind: kind)
            let envelope = envelope
            sealed = try opened.withSecret { secret throws(VaultError) in
                try VaultError.wrap { () throws(CryptoError) in
                    try envelope.seal(
                        opened.metadata, secret: secret, as: row.key, kind: kind, under: new.key,
                        random: Random.bytes(32))
                }
            }
        }
        return .rewrap(row.key, sealed: sealed.encoded, commitment: record.commitment)
    }

    /// Refuses to go on where another key is the active one by now: that key's rotation may be about to retire this one.
    ///
    /// - Returns: the header that says so.
    @discardableResult
    private func checkActive(_ new: MasterKeyRing.Holder) throws(VaultError) -> VaultHeader {
        let header = keys.header
        guard header.activeKeyID == new.key.id else { throw .otherRotation(header.activeKeyID) }
        return header
    }

    /// Writes a batch of moves to `new`. Where somebody changed one of its rows, the others are written all the same.
    ///
    /// - Returns: how many were written.
    /// - Throws: `conflict` where another key is the active one by now.
    private func writeMoves(
        _ changes: ArraySlice<RecordChange>, to new: MasterKeyRing.Holder
    ) async throws(VaultError) -> Int {
        guard !changes.isEmpty else { return 0 }
        // Of one header: the store refuses the batch where a later one is there.
        let header = try checkActive(new)
        do throws(StoreError) {
            try await store.write(WriteBatch(generation: header.generation, changes: Array(changes)))
            return changes.count
        } catch {
            switch error.code {
            case .conflict:
                // The changed row is under the new key or gone: the next scan sees.
                guard changes.count > 1 else { return 0 }
                let middle = changes.startIndex + changes.count / 2
                return try await writeMoves(changes[..<middle], to: new)
                    + writeMoves(changes[middle...], to: new)
            case .staleHeader:
                try await liveKeys.refresh()
                return try await writeMoves(changes, to: new)
            default: throw VaultError(error)
            }
        }
    }
}
