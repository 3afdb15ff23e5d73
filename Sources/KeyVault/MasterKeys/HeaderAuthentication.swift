import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage

// How a ring of keys vouches for a header (SPEC.md section 5.1), and refuses one.

extension MasterKeyRing {
    /// Authenticates `header` under every live key.
    ///
    /// - Throws: ``VaultError`` `missingMasterKey` where the ring lacks one of them.
    func authenticate(_ header: VaultHeader) throws(VaultError) -> StoredHeader {
        let body = header.body
        var codes: [[UInt8]] = []
        for id in header.liveKeyIDs {
            guard let holder = self[id] else { throw .missing(id, in: self) }
            codes.append(try VaultError.wrap { () throws(CryptoError) in try holder.key.headerCode(body.span) })
        }
        return StoredHeader(header: header, codes: codes)
    }

    /// Reads the header that a store holds, and believes it only when every live key vouches for it.
    ///
    /// - Parameter opening: whether a caller has just named these keys (step 3 of SPEC.md section 5.4). An open vault holds keys that
    ///   nobody named, of rotations that never came to be.
    /// - Throws: ``VaultError`` `missingMasterKey`, `damagedHeader` or `newerVault`, and for keys that a caller has named
    ///   `wrongMasterKey` or `retiredMasterKey`.
    func verify(_ head: StoreHead, opening: Bool = true) throws(VaultError) -> VaultHeader {
        let stored: StoredHeader
        do { stored = try StoredHeader(head.header) } catch { throw .damagedHeader(error) }
        let header = stored.header
        if opening { try checkFirst(against: header) }
        for (id, code) in zip(header.liveKeyIDs, stored.codes) {
            guard let holder = self[id] else { throw .missing(id, in: self) }
            let expected = try VaultError.wrap { () throws(CryptoError) in try holder.key.headerCode(stored.body.span) }
            guard ConstantTime.equal(expected.span, code.span) else { throw .damagedHeader() }
        }
        // The store compares generations on every write; they must be the authenticated one.
        guard header.generation == head.generation else { throw .damagedHeader() }
        return header
    }

    /// The header never selects a key that the caller did not mean: the first of the caller's keys must be live in it.
    ///
    /// Keys that the header lists as retired are passed over, so that a process whose ring still begins with the old key
    /// starts again after a rotation has ended.
    private func checkFirst(against header: VaultHeader) throws(VaultError) {
        for id in ids {
            switch header.keys.first(where: { $0.id == id })?.state {
            case .live: return
            case .retired: continue
            case nil:
                let hint =
                    ids.contains(where: header.liveKeyIDs.contains)
                    ? "Its key is given, but not first. Where the vault was not rotated yet, name that one first; where it was, this "
                        + "header is an older one that somebody has put back."
                    : "Give the key that it was created with, or the one that it was last rotated to"
                        + (header.slots.isEmpty ? "." : "; or open it by its passphrase.")
                throw VaultError(
                    .wrongMasterKey,
                    "Wrong master key for this vault (expected \(header.activeKeyID.short), got \(id.short)).",
                    hint: hint)
            }
        }
        throw VaultError(
            .retiredMasterKey,
            "The master key \(ids[0].short) was retired from this vault; its active key is \(header.activeKeyID.short).",
            hint: "Give the key that the last rotation introduced.")
    }
}

extension VaultError {
    /// A key that records may be under was not given.
    static func missing(_ id: MasterKeyID, in ring: MasterKeyRing) -> VaultError {
        VaultError(
            .missingMasterKey,
            "This vault needs the master key \(id.short) too (given: \(ring.ids.map(\.short).joined(separator: ", "))).",
            hint: "Give it too, or finish the rotation it belongs to.")
    }

    /// The header is not what it was when it was last believed, and not a later one either.
    static var headerSetBack: VaultError {
        VaultError(
            .damagedHeader, "The vault's header was set back to an earlier state, or exchanged.",
            hint: "Find out who wrote to the store; restore it from a backup.")
    }

    /// The header cannot be believed.
    static func damagedHeader(_ cause: FormatError? = nil) -> VaultError {
        if let cause, cause.isOfLaterRelease {
            return VaultError(
                .newerVault, "The vault's header was written by a later release.", hint: "Upgrade KeyVault.",
                cause: cause)
        }
        return VaultError(
            .damagedHeader,
            cause.map { "The vault's header cannot be read: \($0.message)" }
                ?? "The vault's header was changed or damaged: its authentication code does not match.",
            hint: "Restore the vault from a backup.", cause: cause)
    }
}
