import KeyVaultFormat
public import KeyVaultStorage

extension Vault {
    /// Copies the vault into another, empty store, row by row and without decrypting, and verifies the copy.
    ///
    /// Nobody may write to the vault meanwhile. Where a row or the header differs when it is compared at the end, the copy is refused;
    /// a row that is replaced after that comparison is missed. An interrupted copy cannot be opened as a vault; calling again with the
    /// same store goes on with it, unless what was copied has changed since.
    ///
    /// - Parameters:
    ///   - destination: a store without a vault, or with an unfinished copy of this one. It stays open.
    ///   - progress: called after each batch with the number of rows copied so far.
    /// - Returns: the verification of the copy, opened record by record. Rows that were damaged before are copied as they
    ///   are, and reported.
    /// - Throws: ``VaultError`` `exists` where the destination holds a vault, `conflict` where the vault was written to
    ///   since the copy was begun: remove that, and copy anew.
    public func copy(
        to destination: some RecordStore, progress: (Int) -> Void = { _ in }
    ) async throws(VaultError) -> VerifyReport {
        try checkOpen()
        let head = try await store.requiredHead()
        guard head.generation > 0 else { throw .damagedHeader() }
        let marker = UnfinishedCopy(of: id).header
        try await begin(at: destination, head: head, marker: marker)
        var copied = 0
        var rows: [StoredRecord] = []
        try await forEachRow { row, _ throws(VaultError) in
            rows.append(row)
        } page: { () throws(VaultError) in
            // The last id may go on in the next page: it waits.
            let last = rows.last?.id
            let whole = rows.prefix { $0.id != last }
            try await insert(whole, into: destination, generation: head.generation - 1)
            copied += whole.count
            rows.removeFirst(whole.count)
            progress(copied)
        }
        try await insert(rows[...], into: destination, generation: head.generation - 1)
        progress(copied + rows.count)
        try await finish(at: destination, head: head)
        return try await verifyCopy(in: destination)
    }

    /// Opens every record of a copy of this vault under this vault's keys.
    ///
    /// - Parameter store: holds the copy; it stays open.
    /// - Throws: ``VaultError`` `unexpectedVault` where it is another vault.
    public func verifyCopy(
        in store: some RecordStore, progress: (VerifyReport) -> Void = { _ in }
    ) async throws(VaultError) -> VerifyReport {
        // Another process may have begun a rotation, or ended one, of which this vault knows nothing when the copy is made.
        var ring = keys.ring
        try? await liveKeys.refresh()
        ring.add(keys.ring)
        let copy = try await Vault.open(store, keys: HeldKeys(ring: ring), expecting: id)
        let report = try await copy.verify(progress: progress)
        copy.stopWatching()
        return report
    }

    /// Marks the destination as unfinished, one generation below the vault's own, so that the last step raises it to that.
    private func begin(at destination: some RecordStore, head: StoreHead, marker: [UInt8]) async throws(VaultError) {
        let there = try await VaultError.wrap { () async throws(StoreError) in
            if let there = try await destination.readHead() { return there }
            try await destination.create(header: marker, generation: head.generation - 1)
            return StoreHead(header: marker, generation: head.generation - 1, revisionFloor: 0)
        }
        guard there.header == marker else {
            throw VaultError(.exists, "The destination holds a vault already.", hint: "Name an empty place.")
        }
        guard there.generation == head.generation - 1 else { throw .changedSinceCopyBegan }
    }

    /// Inserts the rows of whole ids that are not there yet.
    private func insert(
        _ rows: ArraySlice<StoredRecord>, into destination: some RecordStore, generation: UInt64
    ) async throws(VaultError) {
        try await VaultError.wrap { () async throws(StoreError) in
            var changes: [RecordChange] = []
            var previous: StoredRecord?
            var isThere = false
            for row in rows {
                if previous?.id != row.id {
                    previous = nil
                    isThere = try await destination.read(row.id) != nil
                }
                if !isThere {
                    // The rows of one id come oldest first: each takes the place of the one before, which is retained as it is.
                    changes.append(
                        previous.map {
                            .replace(
                                row.key, sealed: row.sealed, replacing: $0.revision, commitment: nil,
                                retained: $0.sealed)
                        } ?? .insert(row.key, sealed: row.sealed))
                }
                previous = row
            }
            if !changes.isEmpty {
                try await destination.write(WriteBatch(generation: generation, changes: changes))
            }
        }
    }

    /// Compares both stores row by row, then gives the copy its header: from then on it is a vault.
    private func finish(at destination: some RecordStore, head: StoreHead) async throws(VaultError) {
        let source = store
        let isEqual = try await VaultError.wrap { () async throws(StoreError) in
            var cursor: RecordKey?
            repeat {
                let own = try await source.scan(.everything, after: cursor, limit: 256)
                let copy = try await destination.scan(.everything, after: cursor, limit: 256)
                guard own == copy else { return false }
                cursor = own.last?.key
            } while cursor != nil
            return try await source.readHead() == head
        }
        guard isEqual else { throw .changedSinceCopyBegan }
        try await VaultError.wrap { () async throws(StoreError) in
            try await destination.write(
                WriteBatch(
                    generation: head.generation - 1, changes: [.raiseFloor(head.revisionFloor)], header: head.header))
        }
    }
}

/// The keys that an open vault holds, for a copy of it. Nobody named them: those that the copy lists are meant.
private struct HeldKeys: MasterKeySource {
    let ring: MasterKeyRing

    func masterKeys(for request: MasterKeyRequest) -> MasterKeyRing {
        ring.only(request.liveKeyIDs) ?? ring
    }
}

extension VaultError {
    static var changedSinceCopyBegan: VaultError {
        VaultError(
            .conflict, "The vault was written to since this copy of it was begun.",
            hint: "Stop its writers, remove the unfinished copy, and copy anew.")
    }
}
