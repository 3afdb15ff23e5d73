/// Finds the line of a JSON text that a decoder complains about: the decoder names a path (`providers`, 3, `formats`), a
/// person looks for a line.
struct JSONText {
    private let bytes: [UInt8]
    private static let deepest = 64

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The line where the value at `path` begins, or the last of its parents that is there.
    func line(of path: [any CodingKey]) -> Int {
        var position = afterSpace(0)
        for key in path {
            let child =
                if let index = key.intValue { element(index, of: position) } else {
                    member(key.stringValue, of: position)
                }
            guard let child else { break }
            position = child
        }
        return line(at: position)
    }

    /// The line where the text stops being JSON.
    var lineOfSyntaxError: Int {
        do {
            let end = afterSpace(try afterValue(afterSpace(0), depth: 0))
            return line(at: min(end, bytes.count))
        } catch {
            return line(at: min(error.position, bytes.count))
        }
    }

    private func line(at position: Int) -> Int { 1 + bytes[..<position].count { $0 == UInt8(ascii: "\n") } }
}

// Walking: every function takes a position and gives the one behind what it walked over.
extension JSONText {
    private struct SyntaxError: Error {
        let position: Int
    }

    private func element(_ index: Int, of start: Int) -> Int? {
        var found: Int?
        var next = 0
        _ = try? afterItems(start, opening: "[", closing: "]", depth: 0) { (position) throws(SyntaxError) in
            if next == index { found = position }
            next += 1
            return try afterValue(position, depth: 1)
        }
        return found
    }

    private func member(_ name: String, of start: Int) -> Int? {
        var found: Int?
        _ = try? afterItems(start, opening: "{", closing: "}", depth: 0) { (position) throws(SyntaxError) in
            let (end, value) = try afterName(position)
            if bytes[(position + 1)..<(end - 1)].elementsEqual(name.utf8) { found = position }
            return try afterValue(value, depth: 1)
        }
        // The line of the name is what a person looks for, but children are looked up behind the colon.
        return found.flatMap { try? afterName($0).value }
    }

    private func afterValue(_ start: Int, depth: Int) throws(SyntaxError) -> Int {
        guard depth < Self.deepest else { throw SyntaxError(position: start) }
        switch byte(start) {
        case UInt8(ascii: "\""):
            return try afterString(start)
        case UInt8(ascii: "["):
            return try afterItems(start, opening: "[", closing: "]", depth: depth) { (position) throws(SyntaxError) in
                try afterValue(position, depth: depth + 1)
            }
        case UInt8(ascii: "{"):
            return try afterItems(start, opening: "{", closing: "}", depth: depth) { (position) throws(SyntaxError) in
                try afterValue(try afterName(position).value, depth: depth + 1)
            }
        default:
            return try afterWord(start)
        }
    }

    private func afterItems(
        _ start: Int, opening: Unicode.Scalar, closing: Unicode.Scalar, depth: Int,
        item: (Int) throws(SyntaxError) -> Int
    ) throws(SyntaxError) -> Int {
        guard byte(start) == UInt8(ascii: opening) else { throw SyntaxError(position: start) }
        var position = afterSpace(start + 1)
        if byte(position) == UInt8(ascii: closing) { return position + 1 }
        while true {
            position = afterSpace(try item(position))
            if byte(position) == UInt8(ascii: closing) { return position + 1 }
            guard byte(position) == UInt8(ascii: ",") else { throw SyntaxError(position: position) }
            position = afterSpace(position + 1)
        }
    }

    private func afterName(_ start: Int) throws(SyntaxError) -> (end: Int, value: Int) {
        let end = try afterString(start)
        let colon = afterSpace(end)
        guard byte(colon) == UInt8(ascii: ":") else { throw SyntaxError(position: colon) }
        return (end, afterSpace(colon + 1))
    }

    private func afterString(_ start: Int) throws(SyntaxError) -> Int {
        guard byte(start) == UInt8(ascii: "\"") else { throw SyntaxError(position: start) }
        var position = start + 1
        while let next = byte(position), next >= 0x20 {
            if next == UInt8(ascii: "\"") { return position + 1 }
            position += next == UInt8(ascii: "\\") ? 2 : 1
        }
        throw SyntaxError(position: position)
    }

    private func afterWord(_ start: Int) throws(SyntaxError) -> Int {
        let word = bytes[min(start, bytes.count)...].prefix {
            CharacterClass.wordAndDot.contains($0) || $0 == UInt8(ascii: "+")
        }
        let text = String(decoding: word, as: UTF8.self)
        guard ["true", "false", "null"].contains(text) || Double(text) != nil else {
            throw SyntaxError(position: start)
        }
        return word.endIndex
    }

    private func afterSpace(_ start: Int) -> Int {
        var position = start
        while let next = byte(position), next == 0x20 || next == 0x09 || next == 0x0A || next == 0x0D { position += 1 }
        return position
    }

    private func byte(_ position: Int) -> UInt8? { position < bytes.count ? bytes[position] : nil }
}
