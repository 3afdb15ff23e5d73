// Comparisons of a secret's bytes with short known texts. A secret never becomes a string.

extension Span<UInt8> {
    package func begins(with text: String) -> Bool { holds(text, at: 0) }

    package func ends(with text: String) -> Bool { holds(text, at: count - text.utf8.count) }

    /// Whether `text` occurs at or behind `start`.
    package func holds(_ text: String, from start: Int) -> Bool {
        guard let first = text.utf8.first else { return true }
        let last = count - text.utf8.count
        var index = start
        while index <= last {
            if self[index] == first, holds(text, at: index) { return true }
            index += 1
        }
        return false
    }

    private func holds(_ text: String, at start: Int) -> Bool {
        guard start >= 0, count - start >= text.utf8.count else { return false }
        var index = start
        for byte in text.utf8 {
            guard self[index] == byte else { return false }
            index += 1
        }
        return true
    }
}
