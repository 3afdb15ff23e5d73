/// A text with wildcards: `*` stands for any characters or none, `[0-9]` for one character of a class.
///
/// Taking the first place at which each part fits is always right for patterns of this kind, so that nothing is ever tried
/// twice and matching takes time linear in the text.
package struct WildcardPattern: Hashable, Sendable {
    /// What stands between the stars; empty at an end where the pattern begins or ends with one.
    private var parts: [[CharacterClass]] = [[]]

    /// `nil` where a bracket is not closed or holds no class, or where the text is not printable ASCII.
    package init?(_ text: String) {
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "*"):
                parts.append([])
            case UInt8(ascii: "["):
                guard let end = rest.firstIndex(of: UInt8(ascii: "]")),
                    let characters = CharacterClass(Substring(rest[..<end]))
                else { return nil }
                parts[parts.count - 1].append(characters)
                rest = rest[rest.index(after: end)...]
            default:
                guard CharacterClass.isPrintable(byte) else { return nil }
                parts[parts.count - 1].append(CharacterClass(caseInsensitive: byte))
            }
        }
    }

    /// Whether all of `text` fits, in any case of its letters.
    package func matches(_ text: Span<UInt8>) -> Bool {
        guard let first = parts.first, let last = parts.last, fits(first, text, at: 0) else { return false }
        if parts.count == 1 { return first.count == text.count }
        let end = text.count - last.count
        guard end >= first.count, fits(last, text, at: end) else { return false }
        var position = first.count
        for part in parts.dropFirst().dropLast() {
            while position + part.count <= end, !fits(part, text, at: position) { position += 1 }
            position += part.count
            guard position <= end else { return false }
        }
        return true
    }

    /// Whether the pattern begins with a star, so that what it looks for may stand anywhere.
    var floats: Bool { parts.count > 1 && parts[0].isEmpty }

    /// Whether what the pattern looks for first can begin with `byte`.
    func canBegin(with byte: UInt8) -> Bool { parts.first { !$0.isEmpty }?[0].contains(byte) ?? true }

    /// Whether what the pattern looks for first stands at `start`.
    func beginsToFit(_ text: Span<UInt8>, at start: Int) -> Bool {
        parts.first { !$0.isEmpty }.map { fits($0, text, at: start) } ?? true
    }

    private func fits(_ part: [CharacterClass], _ text: Span<UInt8>, at start: Int) -> Bool {
        guard start >= 0, text.count - start >= part.count else { return false }
        for offset in part.indices where !part[offset].contains(text[start + offset]) { return false }
        return true
    }
}
