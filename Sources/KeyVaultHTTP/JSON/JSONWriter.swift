/// Writes JSON text, member by member: answers are small and of a known shape.
struct JSONWriter {
    private(set) var text: [UInt8] = []
    private var needsComma = false

    /// An object with what `body` writes in it.
    static func object(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        // Enough for most answers.
        writer.text.reserveCapacity(512)
        writer.braces(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
        return writer.text
    }

    mutating func member(_ name: String, _ value: String?) {
        self.name(name)
        if let value { string(value) } else { raw("null") }
    }

    mutating func member(_ name: String, _ value: Bool) {
        self.name(name)
        raw(value ? "true" : "false")
    }

    mutating func member(_ name: String, _ value: Double?) {
        self.name(name)
        raw(value.map { "\($0)" } ?? "null")
    }

    mutating func member(_ name: String, objects: [(inout JSONWriter) -> Void]) {
        self.name(name)
        braces(UInt8(ascii: "["), UInt8(ascii: "]")) { writer in
            for object in objects {
                writer.comma()
                writer.braces(UInt8(ascii: "{"), UInt8(ascii: "}"), object)
            }
        }
    }

    mutating func member(_ name: String, strings: [String]) {
        self.name(name)
        braces(UInt8(ascii: "["), UInt8(ascii: "]")) { writer in
            for string in strings {
                writer.comma()
                writer.string(string)
            }
        }
    }

    mutating func member(_ name: String, object body: (inout JSONWriter) -> Void) {
        self.name(name)
        braces(UInt8(ascii: "{"), UInt8(ascii: "}"), body)
    }
}

extension JSONWriter {
    private mutating func comma() {
        if needsComma { text.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func name(_ name: String) {
        comma()
        string(name)
        text.append(UInt8(ascii: ":"))
    }

    private mutating func raw(_ value: String) { text.append(contentsOf: value.utf8) }

    private mutating func braces(_ open: UInt8, _ close: UInt8, _ body: (inout JSONWriter) -> Void) {
        text.append(open)
        needsComma = false
        body(&self)
        text.append(close)
        needsComma = true
    }

    private mutating func string(_ value: String) {
        text.append(UInt8(ascii: "\""))
        if Self.isPlain(value.utf8.span) { raw(value) } else { escape(value) }
        text.append(UInt8(ascii: "\""))
    }

    /// Whether a string stands in JSON as it is.
    private static func isPlain(_ bytes: Span<UInt8>) -> Bool {
        for index in bytes.indices {
            let byte = bytes[index]
            if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return false }
        }
        return true
    }

    private mutating func escape(_ value: String) {
        for byte in value.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: raw("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16))
            default: text.append(byte)
            }
        }
    }
}
