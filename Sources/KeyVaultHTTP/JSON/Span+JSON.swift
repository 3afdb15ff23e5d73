/// How deep JSON may nest: more than any client does, and a bound on the recursion.
private let deepestJSON = 128

/// Walking over JSON (RFC 8259) without building anything from it. Every function moves `position` behind what it walked over.
extension Span<UInt8> {
    /// Walks over an object.
    ///
    /// - Parameter member: is given where each member's name stands without its quotes, what kind of value it has, and where
    ///   that stands.
    func walkObject(
        _ position: inout Int, depth: Int,
        _ member: (Range<Int>, JSONObject.Kind, Range<Int>) throws(JSONSyntaxError) -> Void
    ) throws(JSONSyntaxError) {
        skipSpace(&position)
        try expect(&position, UInt8(ascii: "{"), "an object was expected")
        skipSpace(&position)
        if peek(position) == UInt8(ascii: "}") {
            position += 1
            return
        }
        while true {
            skipSpace(&position)
            let name = try string(&position)
            skipSpace(&position)
            try expect(&position, UInt8(ascii: ":"), "a ':' was expected")
            skipSpace(&position)
            let start = position
            let kind = try value(&position, depth: depth + 1)
            try member((name.lowerBound + 1)..<(name.upperBound - 1), kind, start..<position)
            skipSpace(&position)
            if peek(position) == UInt8(ascii: ",") {
                position += 1
                continue
            }
            return try expect(&position, UInt8(ascii: "}"), "a ',' or a '}' was expected")
        }
    }

    /// Checks that nothing but white space is left.
    func walkEnd(_ position: inout Int) throws(JSONSyntaxError) {
        skipSpace(&position)
        guard position == count else { throw failure(position, "there is more behind the end") }
    }
}

extension Span<UInt8> {
    private func peek(_ position: Int) -> UInt8? { position < count ? self[position] : nil }

    private func failure(_ position: Int, _ reason: String) -> JSONSyntaxError {
        JSONSyntaxError(position: position, reason: reason)
    }

    private func skipSpace(_ position: inout Int) {
        while let byte = peek(position), byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func expect(_ position: inout Int, _ byte: UInt8, _ reason: String) throws(JSONSyntaxError) {
        guard peek(position) == byte else { throw failure(position, reason) }
        position += 1
    }

    private func value(_ position: inout Int, depth: Int) throws(JSONSyntaxError) -> JSONObject.Kind {
        guard depth <= deepestJSON else { throw failure(position, "it nests too deep") }
        switch peek(position) {
        case UInt8(ascii: "{"):
            try walkObject(&position, depth: depth) { (_, _, _) throws(JSONSyntaxError) in }
            return .object
        case UInt8(ascii: "["):
            try array(&position, depth: depth)
            return .array
        case UInt8(ascii: "\""):
            _ = try string(&position)
            return .string
        case UInt8(ascii: "t"):
            try word(&position, "true")
            return .bool
        case UInt8(ascii: "f"):
            try word(&position, "false")
            return .bool
        case UInt8(ascii: "n"):
            try word(&position, "null")
            return .null
        default:
            try number(&position)
            return .number
        }
    }

    private func array(_ position: inout Int, depth: Int) throws(JSONSyntaxError) {
        position += 1
        skipSpace(&position)
        if peek(position) == UInt8(ascii: "]") {
            position += 1
            return
        }
        while true {
            skipSpace(&position)
            _ = try value(&position, depth: depth + 1)
            skipSpace(&position)
            if peek(position) == UInt8(ascii: ",") {
                position += 1
                continue
            }
            return try expect(&position, UInt8(ascii: "]"), "a ',' or a ']' was expected")
        }
    }

    private func string(_ position: inout Int) throws(JSONSyntaxError) -> Range<Int> {
        let start = position
        try expect(&position, UInt8(ascii: "\""), "a string was expected")
        while let byte = peek(position) {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return start..<position
            case UInt8(ascii: "\\"): try escape(&position)
            case 0..<0x20: throw failure(position, "a string holds a control character")
            default: break
            }
        }
        throw failure(position, "a string does not end")
    }

    private func escape(_ position: inout Int) throws(JSONSyntaxError) {
        guard let byte = peek(position) else { throw failure(position, "a string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "u"):
            for _ in 0..<4 {
                guard let digit = peek(position), JSONString.hexadecimal(digit) != nil else {
                    throw failure(position, "four digits were expected")
                }
                position += 1
            }
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            break
        default: throw failure(position, "an escape is not known")
        }
    }

    private func word(_ position: inout Int, _ word: StaticString) throws(JSONSyntaxError) {
        for byte in "\(word)".utf8 { try expect(&position, byte, "a value was expected") }
    }

    private func number(_ position: inout Int) throws(JSONSyntaxError) {
        if peek(position) == UInt8(ascii: "-") { position += 1 }
        if peek(position) == UInt8(ascii: "0") { position += 1 } else { try digits(&position) }
        if peek(position) == UInt8(ascii: ".") {
            position += 1
            try digits(&position)
        }
        guard peek(position).map({ $0 | 0x20 }) == UInt8(ascii: "e") else { return }
        position += 1
        if peek(position) == UInt8(ascii: "+") || peek(position) == UInt8(ascii: "-") { position += 1 }
        try digits(&position)
    }

    private func digits(_ position: inout Int) throws(JSONSyntaxError) {
        let start = position
        while let byte = peek(position), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw failure(position, "a value was expected") }
    }
}
