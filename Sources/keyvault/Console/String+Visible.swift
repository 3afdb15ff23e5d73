/// Names and paths come from others: what a terminal is to show of them goes through here.
extension String {
    /// With the characters written out that show nothing and can turn around what follows. (One of them joins emoji.)
    var visible: String {
        let isHidden: (Unicode.Scalar) -> Bool = {
            $0 != "\u{200D}" && [.format, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
        }
        guard unicodeScalars.contains(where: isHidden) else { return self }
        return unicodeScalars.map { isHidden($0) ? "\\u{\(String($0.value, radix: 16))}" : String($0) }.joined()
    }

    /// The same on one line: every control character, line breaks among them, is a space.
    var onOneLine: String {
        let scalars = visible.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }
        return String(String.UnicodeScalarView(scalars))
    }
}
