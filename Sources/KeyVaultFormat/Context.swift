/// What an encryption is for, and of what: the associated data and the hash input of SPEC.md section 3.2.
///
/// It is built from what was *asked for* and from the vault that was opened, never from the bytes that were read.
package enum Context {
    private static let purposeOffset = 6
    /// `KVCX`
    private static let magic: UInt32 = 0x4B56_4358

    private enum Purpose: UInt8 {
        case record = 1
        case retained = 2
        case wrap = 3
        case slot = 4
    }

    /// Binds the ciphertext of a record.
    package static func record(_ id: RecordID, revision: UInt64, kind: RecordKind, vault: VaultID, suite: Suite)
        -> [UInt8]
    {
        var context = wrap(id, revision: revision, vault: vault, suite: suite)
        turn(&context, intoRecord: kind)
        return context
    }

    /// Binds the wrapped data key of a record.
    package static func wrap(_ id: RecordID, revision: UInt64, vault: VaultID, suite: Suite) -> [UInt8] {
        bytes(.wrap, vault: vault, revision: revision, suite: suite, tail: id.encoded)
    }

    /// Turns the context of a record's wrapped key into that of its ciphertext, which differs in the purpose alone. Whoever seals or
    /// opens needs both.
    package static func turn(_ wrap: inout [UInt8], intoRecord kind: RecordKind) {
        wrap[purposeOffset] = (kind == .current ? Purpose.record : .retained).rawValue
    }

    /// Binds the wrapped master key of a passphrase slot: everything of the slot but its last 112 bytes.
    package static func slot(_ slot: PassphraseSlot.Parameters, vault: VaultID, suite: Suite) -> [UInt8] {
        bytes(.slot, vault: vault, revision: 0, suite: suite, tail: slot.encoded)
    }

    /// 32 bytes of fixed length, and a tail that is injective by itself.
    private static func bytes(
        _ purpose: Purpose, vault: VaultID, revision: UInt64, suite: Suite, tail: [UInt8]
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32 + tail.count)
        bytes.append(bigEndian: magic)
        bytes.append(FormatVersion.current)
        bytes.append(suite.rawValue)
        bytes.append(purpose.rawValue)
        bytes.append(0)
        bytes.append(vault.bytes.span)
        bytes.append(bigEndian: revision)
        bytes.append(tail.span)
        return bytes
    }
}
