import struct Foundation.Date

/// The plaintext of a sealed record (SPEC.md section 4.3): 64 bytes of metadata, the secret, zeros up to a multiple of 128.
package enum PlaintextLayout {
    package static let headerLength = 64
    package static let blockLength = 128
    /// The longest secret, in bytes.
    package static let maximumSecretLength = 65_536
    private static let version: UInt8 = 1

    /// The length of the whole plaintext for a secret of `secret` bytes.
    package static func length(secret: Int) -> Int {
        (headerLength + secret + blockLength - 1) / blockLength * blockLength
    }

    /// Writes metadata, secret and padding into `output`, which has exactly ``length(secret:)`` bytes.
    package static func encode(
        _ metadata: Metadata, kind: RecordKind, secret: Span<UInt8>, into output: inout MutableSpan<UInt8>
    ) {
        precondition(output.count == length(secret: secret.count), "the caller sized the output with length(secret:)")
        encodeHeader(metadata, kind: kind, secretLength: secret.count, into: &output)
        output.copy(secret, to: headerLength)
        var padding = output._mutatingExtracting((headerLength + secret.count)...)
        padding.update(repeating: 0)
    }

    /// Reads what ``encode(_:kind:secret:into:)`` wrote.
    ///
    /// - Returns: the metadata, and where in the plaintext the secret lies.
    package static func decode(
        _ plaintext: Span<UInt8>, kind: RecordKind
    ) throws(FormatError) -> (metadata: Metadata, secret: Range<Int>) {
        guard plaintext.count >= headerLength else {
            throw FormatError(.truncated, "The plaintext is shorter than its header.", section: "4.3")
        }
        let (metadata, secretLength) = try decodeHeader(plaintext, kind: kind)
        guard secretLength >= 1, secretLength <= maximumSecretLength, length(secret: secretLength) == plaintext.count
        else {
            throw FormatError(.invalidField, "The secret's length does not fit the plaintext.", section: "4.3")
        }
        let end = headerLength + secretLength
        var padding: UInt8 = 0
        for index in end..<plaintext.count { padding |= plaintext[index] }
        guard padding == 0 else {
            throw FormatError(.invalidField, "The padding must be zero.", section: "4.3")
        }
        return (metadata, headerLength..<end)
    }

    /// Writes the fields where SPEC.md section 4.3 says they lie, in the first 64 bytes.
    private static func encodeHeader(
        _ metadata: Metadata, kind: RecordKind, secretLength: Int, into output: inout MutableSpan<UInt8>
    ) {
        var (state, reason, until): (UInt8, UInt8, Date?) = (0, 0, nil)
        if case .disabled(let why, let end) = metadata.state { (state, reason, until) = (1, why.rawValue, end) }
        if kind == .retained { until = metadata.retainedUntil }

        output[0] = version
        output[1] = state
        output[2] = reason
        output[3] = metadata.verdict.rawValue
        output.store(bigEndian: metadata.order, at: 4)
        output.store(bigEndian: UInt16(0), at: 6)
        output.store(bigEndian: UInt32(secretLength), at: 8)
        output[12] = metadata.hint == nil ? 0 : UInt8(Hint.length)
        for index in 0..<11 { output[13 + index] = index < Hint.length ? metadata.hint?[index] ?? 0 : 0 }
        output.store(bigEndian: Timestamp(metadata.created).milliseconds, at: 24)
        output.store(bigEndian: Timestamp(metadata.updated).milliseconds, at: 32)
        output.store(bigEndian: Timestamp(metadata.lastValidated).milliseconds, at: 40)
        output.store(bigEndian: Timestamp(metadata.expires).milliseconds, at: 48)
        output.store(bigEndian: Timestamp(until).milliseconds, at: 56)
    }

    /// Reads the fields where SPEC.md section 4.3 says they lie, in the first 64 bytes.
    private static func decodeHeader(
        _ plaintext: Span<UInt8>, kind: RecordKind
    ) throws(FormatError) -> (Metadata, secretLength: Int) {
        guard plaintext[0] == version else {
            throw FormatError(.unsupportedVersion, "The layout of the plaintext is of a later release.", section: "4.3")
        }
        guard let verdict = Verdict(rawValue: plaintext[3]) else {
            throw FormatError(.invalidField, "The verdict is none that is known.", section: "4.3")
        }
        try expectZeros(plaintext, 6..<8)
        let hint = try decodeHint(plaintext)
        guard let created = try date(plaintext, at: 24), let updated = try date(plaintext, at: 32) else {
            throw FormatError(.invalidField, "The times of creation and change must be set.", section: "4.3")
        }
        let until = try date(plaintext, at: 56)
        let state = try recordState(plaintext[1], reason: plaintext[2], until: kind == .current ? until : nil)
        let metadata = Metadata(
            created: created, updated: updated, lastValidated: try date(plaintext, at: 40), verdict: verdict,
            state: state, order: plaintext.uint16(at: 4), expires: try date(plaintext, at: 48),
            retainedUntil: kind == .retained ? until : nil, hint: hint)
        return (metadata, Int(plaintext.uint32(at: 8)))
    }

    private static func decodeHint(_ plaintext: Span<UInt8>) throws(FormatError) -> Hint? {
        let (start, end) = (13, 24)
        let length = Int(plaintext[12])
        guard length != 0 else {
            try expectZeros(plaintext, start..<end)
            return nil
        }
        guard length == Hint.length,
            let hint = Hint(plaintext.extracting(start..<(start + length)))
        else {
            throw FormatError(.invalidField, "The hint is not 7 bytes of printable ASCII.", section: "4.3")
        }
        try expectZeros(plaintext, (start + length)..<end)
        return hint
    }

    private static func recordState(_ state: UInt8, reason: UInt8, until: Date?) throws(FormatError) -> RecordState {
        switch (state, reason) {
        case (0, 0) where until == nil: return .enabled
        case (1, _):
            if let reason = DisabledReason(rawValue: reason) { return .disabled(reason, until: until) }
            fallthrough
        default: throw FormatError(.invalidField, "The state is none that is known.", section: "4.3")
        }
    }

    private static func date(_ plaintext: Span<UInt8>, at offset: Int) throws(FormatError) -> Date? {
        try Timestamp(milliseconds: plaintext.uint64(at: offset)).date
    }

    private static func expectZeros(_ plaintext: Span<UInt8>, _ range: Range<Int>) throws(FormatError) {
        for index in range where plaintext[index] != 0 {
            throw FormatError(.invalidField, "Reserved bytes must be zero.", section: "4.3")
        }
    }
}
