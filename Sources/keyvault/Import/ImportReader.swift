import KeyVault

/// Reads JSON lines, one key in each, with a fixed amount of memory.
///
/// It has a JSON parser of its own since any other would make a `String` of the secret, which nobody can wipe: here the
/// secret goes from one guarded buffer into another. A line is an object whose members are strings; nothing else is needed.
struct ImportReader: ~Copyable {
    private static let longestName = 4 * RecordID.maximumNameLength

    private let isBinary: Bool
    private var input: ImportInput
    /// The line that is being read, from 1.
    private(set) var number = 0

    init(_ input: consuming ImportInput, isBinary: Bool) {
        self.input = input
        self.isBinary = isBinary
    }

    /// The next key; `nil` at the end. Lines of nothing but white space are passed over.
    ///
    /// - Throws: `Failure` for a line that is no key, without quoting it: what is behind it can be read on. `VaultError` where
    ///   the input cannot be read.
    mutating func next() throws -> ImportLine? {
        while try input.startLine() {
            number += 1
            if number == 1 { try skipByteOrderMark() }
            try skipSpace()
            if try input.peek() != nil { return try object() }
        }
        return nil
    }

    private mutating func object() throws -> ImportLine {
        var names: [String: String] = [:]
        var secret = try SecretBuffer(capacity: Secret.maximumLength + 1)
        var hasSecret = false
        guard try takes("{") else { throw notAnObject }
        repeat {
            let name = try name("The name of a member")
            try expect(":", "A ':' is missing")
            guard ["tenant", "provider", "label", "secret"].contains(name) else {
                throw refusal("A member is none of tenant, provider, label and secret")
            }
            guard name == "secret" ? !hasSecret : names[name] == nil else {
                throw refusal("The member \(name) stands there twice")
            }
            if name == "secret" {
                hasSecret = true
                try string("The member secret") { secret.append($0) }
            } else {
                names[name] = try self.name("The member \(name)")
            }
        } while try takes(",")
        try expect("}", "The object does not end with '}'")
        guard try input.peek() == nil else { throw refusal("Something stands behind the object") }
        return try line(names, secret, hasSecret: hasSecret)
    }

    private func line(
        _ names: [String: String], _ secret: borrowing SecretBuffer, hasSecret: Bool
    ) throws -> ImportLine {
        guard let tenant = names["tenant"], let provider = names["provider"], hasSecret else {
            throw refusal("A member is missing; tenant, provider and secret are needed")
        }
        let failure: Failure
        do {
            let id = try RecordID(tenant: tenant, provider: provider, label: names["label"] ?? RecordID.defaultLabel)
            return try secret.withSpan { bytes in
                if !isBinary { try SecretInput.refuseBinary(.key, bytes) }
                return ImportLine(number: number, id: id, secret: try Secret(copying: bytes), length: bytes.count)
            }
        } catch {
            failure = Failure(error)
        }
        throw failure.at(line: number)
    }

    /// A string that is no secret.
    private mutating func name(_ what: String) throws -> String {
        var bytes: [UInt8] = []
        try string(what) { byte in
            bytes.append(byte)
            return bytes.count <= Self.longestName
        }
        guard let name = String(validating: bytes, as: UTF8.self) else { throw refusal("A name is not UTF-8") }
        return name
    }
}

// The grammar of a JSON string, and what may stand between strings.
extension ImportReader {
    /// Hands each byte of a string to `take`, which says whether there is room for more.
    ///
    /// - Parameter what: what the string is, for whoever did not write one.
    private mutating func string(_ what: String, _ take: (UInt8) -> Bool) throws {
        try expect("\"", "\(what) is not a string")
        while true {
            guard let byte = try input.next(), byte >= 0x20 else { throw refusal("A string does not end") }
            switch byte {
            case UInt8(ascii: "\""):
                return try skipSpace()
            case UInt8(ascii: "\\"):
                for unit in try escape() where !take(unit) { throw tooLong }
            default:
                guard take(byte) else { throw tooLong }
            }
        }
    }

    private mutating func escape() throws -> Unicode.UTF8.EncodedScalar {
        let plain: Unicode.Scalar
        switch try input.next().map(Unicode.Scalar.init) {
        case "u": plain = try escapedScalar()
        case "b": plain = "\u{08}"
        case "f": plain = "\u{0C}"
        case "n": plain = "\n"
        case "r": plain = "\r"
        case "t": plain = "\t"
        case let other? where ["\"", "\\", "/"].contains(other): plain = other
        default: throw refusal("A '\\' stands before something that is no escape")
        }
        // Every Unicode scalar has an encoding.
        return Unicode.UTF8.encode(plain) ?? Unicode.UTF8.encodedReplacementCharacter
    }

    /// What stands behind `\u`: one UTF-16 unit, or the two of a surrogate pair.
    private mutating func escapedScalar() throws -> Unicode.Scalar {
        let first = try hexadecimalUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard UTF16.isLeadSurrogate(first), try input.next() == UInt8(ascii: "\\"),
            try input.next() == UInt8(ascii: "u")
        else { throw refusal("Half of a surrogate pair is missing") }
        let second = try hexadecimalUnit()
        guard UTF16.isTrailSurrogate(second) else { throw refusal("Half of a surrogate pair is missing") }
        let pair = UTF16.EncodedScalar([first, second])
        return UTF16.decode(pair)
    }

    private mutating func hexadecimalUnit() throws -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = try input.next(), let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw refusal("A '\\u' stands before something that is no escape")
            }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    private mutating func takes(_ wanted: Unicode.Scalar) throws -> Bool {
        guard try input.peek() == UInt8(ascii: wanted) else { return false }
        _ = try input.next()
        try skipSpace()
        return true
    }

    private mutating func expect(_ wanted: Unicode.Scalar, _ complaint: String) throws {
        guard try input.peek() == UInt8(ascii: wanted) else { throw refusal(complaint) }
        _ = try input.next()
        // White space inside of a string belongs to it.
        if wanted != "\"" { try skipSpace() }
    }

    private mutating func skipSpace() throws {
        while let byte = try input.peek(), [0x20, 0x09, 0x0D].contains(byte) { _ = try input.next() }
    }

    /// Some editors write one (U+FEFF) at the beginning of a file.
    private mutating func skipByteOrderMark() throws {
        guard try input.peek() == 0xEF else { return }
        for byte: UInt8 in [0xEF, 0xBB, 0xBF] {
            guard try input.next() == byte else { throw notAnObject }
        }
    }

    private var notAnObject: Failure { refusal("The line is not a JSON object") }

    private var tooLong: Failure { refusal("A name or the secret is too long") }

    private func refusal(_ reason: String) -> Failure {
        Failure(
            .other, "Line \(number): \(reason).",
            hint: #"A line is {"tenant": "…", "provider": "…", "label": "…", "secret": "…"}, the label optional."#)
    }
}
