/// Lines of aligned columns. Columns only ever grow wider, so that a long list can be printed page by page.
struct Table {
    private var widths: [Int]
    private let header: [String]
    private var isHeaderPrinted = false

    init(_ header: String...) {
        self.header = header
        widths = header.map(\.count)
    }

    /// The lines of `rows`, behind the header when they are the first.
    ///
    /// - Parameter paint: colours a line.
    mutating func lines(_ rows: [[String]], style: Style, paint: (Int, String) -> String) -> String {
        let rows = rows.map { $0.map(\.visible) }
        for row in rows {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.count) }
        }
        var text = isHeaderPrinted ? "" : style.bold(line(header)) + "\n"
        isHeaderPrinted = true
        for (index, row) in rows.enumerated() { text += paint(index, line(row)) + "\n" }
        return text
    }

    private func line(_ cells: [String]) -> String {
        let padded = zip(cells, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
        return padded.joined(separator: "  ").trimmingSuffix(while: { $0 == " " })
    }
}

extension String {
    fileprivate func trimmingSuffix(while isTrimmed: (Character) -> Bool) -> String {
        var text = Substring(self)
        while let last = text.last, isTrimmed(last) { text.removeLast() }
        return String(text)
    }
}
