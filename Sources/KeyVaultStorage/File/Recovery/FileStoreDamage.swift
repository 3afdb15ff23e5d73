/// What is wrong with a file store, and what a repair of it leaves out.
public struct FileStoreDamage: Sendable, Equatable, CustomStringConvertible {
    /// The bytes that are damaged, or that belong to a batch which is not whole.
    public let ranges: [Range<UInt64>]
    /// How many changes they held, so far as whole frames in them and behind them tell; a torn end may have held more.
    public let lostChanges: UInt64
    /// How many rows are kept, each of its key and revision.
    public let keptRows: Int
    /// Where the file is kept as it was; `nil` before the repair.
    public var damagedCopy: String?

    public var description: String {
        let places = ranges.map { "\($0.lowerBound) to \($0.upperBound - 1)" }.joined(separator: ", ")
        let lost = lostChanges == 1 ? "1 change" : "\(lostChanges) changes"
        let whole = keptRows == 1 ? "1 row is whole" : "\(keptRows) rows are whole"
        let kept = damagedCopy.map { " The file as it was is kept as \($0)." } ?? ""
        return
            "Bytes \(places) cannot be used; they held at least \(lost). \(whole). What a "
            + "lost change had written is missing, and what it had deleted or replaced is there again; of changes that "
            + "belonged together some may be kept without the others: check those records.\(kept)"
    }
}
