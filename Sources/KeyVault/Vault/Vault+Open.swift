import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage

extension Vault {
    /// Opens a row under the key that it names, as the record that was asked for.
    ///
    /// A row that was read a moment ago may be another one by now: rewrapped and its old key retired, replaced and retained,
    /// or gone. So before a row counts as damaged, it is read again.
    ///
    /// - Throws: ``VaultError`` `damagedRecord`, `newerRecord`, `missingMasterKey`; `notFound` where the row is gone.
    func open(_ row: StoredRecord, kind: RecordKind = .current) async throws(VaultError) -> OpenedRecord {
        var (row, kind) = (row, kind)
        while true {
            do throws(VaultError) {
                return try await openOnce(row, kind: kind)
            } catch {
                guard error.isOfRecord else { throw error }
                let key = row.key
                let (again, current) = (try await self.row(at: key), try await self.row(of: key.id))
                guard let again else { throw .notFound(key.id) }
                let kindNow: RecordKind = current?.revision == key.revision ? .current : .retained
                if again == row, kindNow == kind { throw error }
                (row, kind) = (again, kindNow)
            }
        }
    }

    /// Opens a row that was the current one when it was read; where it does not open as that any more, what has taken its place.
    /// `nil` where nothing has.
    func openListed(_ row: StoredRecord) async throws(VaultError) -> OpenedRecord? {
        do throws(VaultError) { return try await openOnce(row, kind: .current) } catch {
            guard error.isOfRecord else { throw error }
            return try await openCurrent(row.id)
        }
    }

    /// Reads the current row of `id` and opens it as such; `nil` where there is none.
    ///
    /// As with ``open(_:kind:)``, a row counts as damaged only when it is still the same after a second look. Unlike there, a
    /// row is never opened as a retained one: what is served is what is current.
    func openCurrent(_ id: RecordID) async throws(VaultError) -> OpenedRecord? {
        var damaged: (row: StoredRecord, error: VaultError)?
        while true {
            guard let row = try await row(of: id) else { return nil }
            if let damaged, damaged.row == row { throw damaged.error }
            do throws(VaultError) {
                return try await openOnce(row, kind: .current)
            } catch {
                guard error.isOfRecord else { throw error }
                damaged = (row, error)
            }
        }
    }

    /// A key that is not held makes the vault read its header again and ask its source, once: another process may have begun
    /// a rotation.
    private func openOnce(_ row: StoredRecord, kind: RecordKind) async throws(VaultError) -> OpenedRecord {
        let record: SealedRecord
        do { record = try SealedRecord(row.sealed) } catch { throw .unreadable(row.id, error) }
        var holder = liveKeys.live(record.keyID)
        if holder == nil {
            do throws(VaultError) { try await liveKeys.refresh() } catch {
                // Another process has rotated to a key that this one cannot get.
                guard error.isOfMasterKey else { throw error }
                throw VaultError(.missingMasterKey, error.message, hint: error.hint, cause: error)
            }
            holder = liveKeys.live(record.keyID)
        }
        guard let holder else { throw keys.absence(of: record.keyID, for: row.id) }
        do throws(OpenFailure) {
            return try envelope.open(record, as: row.key, kind: kind, under: holder.key)
        } catch {
            switch error {
            case .crypto(.authenticationFailed): throw .damaged(row.id, cause: CryptoError.authenticationFailed)
            case .crypto(let error): throw VaultError(error)
            case .format(let error): throw .unreadable(row.id, error)
            }
        }
    }
}

extension FormatError {
    /// Whether the bytes are of a version or a suite that this release does not know (SPEC.md section 8).
    var isOfLaterRelease: Bool { code == .unsupportedVersion || code == .unsupportedSuite }
}

extension VaultError {
    /// Whether it says that a master key is not to be had, or is another vault's.
    package var isOfMasterKey: Bool {
        [.missingMasterKey, .retiredMasterKey, .wrongMasterKey, .unreadableMasterKey].contains(code)
    }

    /// Whether it says of a record that its bytes do not open, whatever keys there are: damaged, or a later release's.
    var isOfRecord: Bool { code == .damagedRecord || code == .newerRecord }

    /// Whether it says of a record that it is there and does not open, though it may well be good: for want of its master key, or of
    /// a later release.
    var isOfUnopenedRecord: Bool { code == .missingMasterKey || code == .newerRecord }

    /// Whether it says of a record that it is there and does not open.
    var isOfUnreadableRecord: Bool { isOfRecord || isOfUnopenedRecord }

    /// Whether it says that the store was reached, and cannot read what it holds.
    var isOfCorruptBytes: Bool { code == .store && (cause as? StoreError)?.code == .corrupt }

    /// Whether it says that the store was not reached: what it holds may well be sound, and as it was.
    var isOfUnreachableStore: Bool { code == .store && !isOfCorruptBytes }

    /// What it means for a record that its bytes, or its plaintext, cannot be parsed.
    static func unreadable(_ id: RecordID, _ cause: FormatError) -> VaultError {
        guard cause.isOfLaterRelease else { return .damaged(id, cause: cause) }
        return VaultError(
            .newerRecord, "The record \(id) was written by a later release.", hint: "Upgrade KeyVault.", cause: cause)
    }

    /// The record does not open. Wrong key, tampering and a moved record are not told apart.
    static func damaged(_ id: RecordID, cause: (any Error)?) -> VaultError {
        VaultError(
            .damagedRecord, "The record \(id) was changed, moved or damaged: it does not open.",
            hint: "Put the key again, restore a backup, or delete the record.", cause: cause)
    }

    /// No such record.
    static func notFound(_ id: RecordID) -> VaultError {
        VaultError(.notFound, "No key is stored for \(id).", hint: "Store one first.")
    }
}
