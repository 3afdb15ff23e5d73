package import KeyVaultCrypto
package import KeyVaultFormat
package import KeyVaultStorage

/// The one joint between keys and bytes: seals a plaintext into a record and opens it again (SPEC.md section 4).
///
/// Everything that a record is bound to comes from the caller's request and from the opened vault; of the bytes that are
/// opened, only the suite is believed, and it is bound into what is checked; the key id must be that of the key given.
package struct Envelope: Sendable {
    package let vaultID: VaultID
    private static let suite = Suite.aes256GCMBLAKE2b

    package init(vaultID: VaultID) { self.vaultID = vaultID }

    /// Seals `secret` and its metadata under a fresh data key, wrapped under `master`.
    ///
    /// - Parameters:
    ///   - secret: 1 to 65,536 bytes; the caller has checked.
    ///   - random: 32 random bytes; a parameter, so that the test vectors can fix them.
    package func seal(
        _ metadata: Metadata, secret: Span<UInt8>, as key: RecordKey, kind: RecordKind,
        under master: borrowing MasterKey, random: [UInt8]
    ) throws(CryptoError) -> SealedRecord {
        var plaintext = try GuardedBytes(count: PlaintextLayout.length(secret: secret.count))
        plaintext.withMutableSpan { PlaintextLayout.encode(metadata, kind: kind, secret: secret, into: &$0) }
        defer { StackScrub.scrub() }
        let wrapContext = Context.wrap(key.id, revision: key.revision, vault: vaultID, suite: Self.suite)
        var context = wrapContext
        Context.turn(&context, intoRecord: kind)
        return try plaintext.withSpan { plaintext throws(CryptoError) in
            let key = try master.deriveDataKey(random: random.span, context: context.span, plaintext: plaintext)
            let wrapped = try master.wrap(key, context: wrapContext.span)
            let ciphertext = try key.seal(plaintext, associatedData: context.span)
            return record(wrapped, Self.suite, ciphertext: ciphertext.span, under: master)
        }
    }

    /// Opens a record as the one that was asked for.
    ///
    /// - Throws: `OpenFailure`; nothing of the plaintext is given out.
    package func open(
        _ record: SealedRecord, as key: RecordKey, kind: RecordKind, under master: borrowing MasterKey
    ) throws(OpenFailure) -> OpenedRecord {
        defer { StackScrub.scrub() }
        let opened: GuardedBytes
        do {
            var context = Context.wrap(key.id, revision: key.revision, vault: vaultID, suite: record.suite)
            let dataKey = try unwrap(record, context: context.span, under: master)
            Context.turn(&context, intoRecord: kind)
            let ciphertext = record.encoded.span.extracting(droppingFirst: SealedRecord.prefixLength)
            var plaintext = try GuardedBytes(count: ciphertext.count - AES256GCM.tagLength)
            try plaintext.withMutableSpan { plaintext throws(CryptoError) in
                try dataKey.open(ciphertext, associatedData: context.span, into: &plaintext)
            }
            opened = plaintext
        } catch {
            throw .crypto(error)
        }
        do { return try OpenedRecord(opened, key: key, kind: kind) } catch { throw .format(error) }
    }

    /// Wraps the record's data key under another master key. The ciphertext is not touched, and needs not be read.
    package func rewrap(
        _ record: SealedRecord, as key: RecordKey, from old: borrowing MasterKey, to new: borrowing MasterKey
    ) throws(CryptoError) -> SealedRecord {
        defer { StackScrub.scrub() }
        let context = Context.wrap(key.id, revision: key.revision, vault: vaultID, suite: record.suite)
        let dataKey = try unwrap(record, context: context.span, under: old)
        return try self.record(
            new.wrap(dataKey, context: context.span), record.suite,
            ciphertext: record.encoded.span.extracting(droppingFirst: SealedRecord.prefixLength), under: new)
    }

    private func unwrap(
        _ record: SealedRecord, context: Span<UInt8>, under master: borrowing MasterKey
    ) throws(CryptoError) -> DataKey {
        // The id in the record is covered by nothing but this comparison: whoever changed it gets no further.
        guard record.keyID == master.id else { throw .authenticationFailed }
        let bytes = record.encoded.span
        return try master.unwrap(
            salt: bytes.extracting(SealedRecord.saltRange), commitment: bytes.extracting(SealedRecord.commitmentRange),
            sealed: bytes.extracting(SealedRecord.wrappedKeyRange), context: context)
    }

    private func record(
        _ wrapped: WrappedKey, _ suite: Suite, ciphertext: Span<UInt8>, under master: borrowing MasterKey
    ) -> SealedRecord {
        SealedRecord(
            suite: suite, keyID: master.id, salt: wrapped.salt, commitment: wrapped.commitment,
            wrappedKey: wrapped.sealed, ciphertext: ciphertext)
    }
}

/// Why a record did not open.
package enum OpenFailure: Error {
    /// Wrong key, changed or moved bytes; or the machine cannot compute.
    case crypto(CryptoError)
    /// What was authentically sealed is not a plaintext of this layout.
    case format(FormatError)
}
