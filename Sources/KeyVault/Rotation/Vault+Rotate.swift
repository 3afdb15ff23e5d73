import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage
import Logging

import struct Foundation.Date

extension Vault {
    /// Moves the vault to another master key while readers and writers go on, in this process and in others.
    ///
    /// The new key must be in every process's ring (or in what its ``MasterKeySource`` finds) before this begins. The header
    /// gets to know the key and makes it the active one; then every row is moved to it in batches, each under
    /// compare-and-swap; then a scan proves that nothing is on the old keys, and the header retires them. Every step can be
    /// repeated: after a crash, call it again with the same key, and it goes on.
    ///
    /// - Parameters:
    ///   - newKey: the new key: only the first of the ring is used. The old keys are those the vault was opened with.
    ///   - mode: whether to wrap the data keys anew or to seal everything anew.
    ///   - passphrase: where the vault opens by a passphrase: that passphrase, which will open it under the new key.
    ///     `wrongMasterKey` is thrown for another one, before anything is changed.
    ///   - dryRun: say what would change, and change nothing.
    ///   - progress: called after each batch.
    /// - Returns: what was done. Where ``RotationReport/failed`` is not empty, the old keys are still live.
    /// - Throws: ``VaultError`` `invalidArgument` for a key that was retired, for one that is already the only live one (unless
    ///   the vault still holds a retired one: that repeats a rotation which had just ended), for a passphrase that is missing,
    ///   and where the header has no room for one more key or passphrase; `conflict` where another rotation has begun meanwhile,
    ///   or the passphrase was changed; and whatever reading and writing throws; nothing is lost then, and calling again resumes.
    public func rotateMasterKey(
        to newKey: MasterKeyRing, mode: RotationReport.Mode = .rewrap, passphrase: Secret? = nil, dryRun: Bool = false,
        progress: (RotationReport) -> Void = { _ in }
    ) async throws(VaultError) -> RotationReport {
        try checkOpen()
        let new = newKey.first
        try checkRotation(to: new.key.id, passphrase: passphrase)
        let slots = if let passphrase { try await checkPassphrase(passphrase) } else { [PassphraseSlot]() }
        // A dry run does nothing that there is to audit.
        return try await audited(.rotate, each: dryRun ? [] : [nil]) { () async throws(VaultError) in
            if !dryRun { try await activate(new, passphrase: passphrase, where: slots) }
            var report = RotationReport()
            var isProven = false
            while !isProven {
                let generation = try await rewrapAll(
                    to: new, mode: mode, dryRun: dryRun, report: &report, progress: progress)
                guard !dryRun, report.failed.isEmpty else { return report }
                isProven = try await retireOldKeys(active: new.key.id, provenUnder: generation, report: &report)
            }
            configuration.logger.debug("rotated the master key", metadata: ["rewrapped": "\(report.rewrapped)"])
            return report
        }
    }

    private func checkRotation(to id: MasterKeyID, passphrase: Secret?) throws(VaultError) {
        let header = keys.header
        guard !header.isRetired(id) else { throw .retired(id) }
        // Whoever still passes the retired key repeats a rotation that had just ended: there is nothing left to do.
        let repeats = header.keys.contains { $0.state == .retired && keys.ring[$0.id] != nil }
        if header.liveKeyIDs == [id], !repeats {
            throw VaultError(
                .invalidArgument,
                "The master key \(id.short) is the vault's only key already; there is nothing to rotate.",
                hint: "Name a new key.")
        }
        if !header.slots.isEmpty, passphrase == nil {
            throw VaultError(
                .invalidArgument, "This vault opens by a passphrase, which must be given to rotate its master key.",
                hint: "Give the passphrase too.")
        }
    }

    /// Lists `new` in the header and makes it the active key. From the moment this is durable, the store refuses whoever
    /// still seals under the old one.
    ///
    /// - Parameter slots: what `passphrase` was checked against. One that was set since would go with the old keys.
    private func activate(
        _ new: MasterKeyRing.Holder, passphrase: Secret?, where slots: [PassphraseSlot]
    ) async throws(VaultError) {
        let id = new.key.id
        var slot: PassphraseSlot?
        if let passphrase { slot = try await PassphraseSlot.make(wrapping: new.key, under: passphrase, vault: self.id) }
        try await updateHeader(adding: new) { header throws(VaultError) in
            guard header.activeKeyID != id else { return false }
            guard header.slots == slots else {
                throw VaultError(
                    .conflict, "The vault's passphrase was changed meanwhile; its master key was not rotated.",
                    hint: "Rotate again, with the passphrase that opens it now.")
            }
            try header.activate(id, at: time.date())
            if let slot {
                guard header.slots.count < VaultHeader.maximumSlots else { throw .tooManyRotations }
                header.slots.append(slot)
            }
            return true
        }
    }

    /// Says in the header that no row is on any key but the active one, which the caller has just seen.
    ///
    /// - Parameter generation: of the header under which it saw that.
    /// - Returns: whether that header was still there. Where it was not, another key may have been the active one in between, rows may
    ///   be under it, and nothing was retired.
    private func retireOldKeys(
        active: MasterKeyID, provenUnder generation: UInt64, report: inout RotationReport
    ) async throws(VaultError) -> Bool {
        var retired: [MasterKeyID] = []
        var isProven = false
        try await updateHeader { header throws(VaultError) in
            guard header.activeKeyID == active else { throw .otherRotation(header.activeKeyID) }
            isProven = header.generation == generation
            guard isProven else { return false }
            retired = header.liveKeyIDs.filter { $0 != active }
            for index in header.keys.indices where header.keys[index].id != active {
                header.keys[index].state = .retired
            }
            header.slots.removeAll { $0.parameters.keyID != active }
            return !retired.isEmpty
        }
        if isProven { report.retired = retired }
        return isProven
    }

    /// Changes the header as `body` says, authenticates it under every live key and writes it; again, where somebody else
    /// wrote one in between.
    ///
    /// - Parameter body: changes the header, or returns `false` where nothing needs to change.
    func updateHeader(
        adding holder: MasterKeyRing.Holder? = nil, _ body: (inout VaultHeader) throws(VaultError) -> Bool
    ) async throws(VaultError) {
        for _ in 0..<1000 {
            // Held before the header names it: who reads that, here and at once, looks for its key.
            let state = holder.map { liveKeys.hold($0) } ?? keys
            var header = state.header
            guard try body(&header) else { return }
            header.generation += 1
            let bytes = try state.ring.authenticate(header).encoded
            // What nobody could read again would be the end of the vault.
            do { _ = try StoredHeader(bytes) } catch { throw .damagedHeader(error) }
            do throws(StoreError) {
                try await store.write(WriteBatch(generation: state.header.generation, header: bytes))
            } catch {
                guard error.code == .staleHeader else { throw VaultError(error) }
                try await liveKeys.refresh()
                continue
            }
            return try liveKeys.adopt(KeyState(header: header, ring: state.ring), since: state)
        }
        throw VaultError(.conflict, "Others keep changing the vault's header.", hint: "Try again later.")
    }
}

extension VaultHeader {
    /// Makes a key the active one, and lists it where it is new.
    fileprivate mutating func activate(_ id: MasterKeyID, at date: Date) throws(VaultError) {
        // Somebody else's rotation may have retired it since this one was begun.
        guard !isRetired(id) else { throw .retired(id) }
        if !keys.contains(where: { $0.id == id }) { try add(id, at: date) }
        activeKeyID = id
    }

    fileprivate func isRetired(_ id: MasterKeyID) -> Bool { keys.contains { $0.id == id && $0.state == .retired } }

    /// Lists a new live key; where the list is full, in the place of the retired key that was added first.
    private mutating func add(_ id: MasterKeyID, at date: Date) throws(VaultError) {
        if keys.count == Self.maximumKeys {
            guard let oldest = keys.firstIndex(where: { $0.state == .retired }) else { throw .tooManyRotations }
            keys.remove(at: oldest)
        }
        keys.append(.init(id: id, state: .live, added: date))
    }
}

extension VaultError {
    /// The header has no room for one more.
    fileprivate static var tooManyRotations: VaultError {
        VaultError(
            .invalidArgument, "Too many rotations of this vault's master key were begun and none was ended.",
            hint: "Rotate to the active key again: where its rotation ends, it retires the others.")
    }

    fileprivate static func retired(_ id: MasterKeyID) -> VaultError {
        VaultError(
            .invalidArgument, "The master key \(id.short) was retired from this vault and cannot come back.",
            hint: "Make a new key.")
    }

    /// Somebody began a rotation to yet another key.
    static func otherRotation(_ id: MasterKeyID) -> VaultError {
        VaultError(
            .conflict, "Another rotation, to the master key \(id.short), has begun in the meantime.",
            hint: "Let that one end; its records are safe.")
    }
}
