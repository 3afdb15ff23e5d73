import Synchronization

/// Which entry belongs to a hash: an open-addressing table of eight-byte cells.
///
/// A cell holds 32 bits of the hash and the entry's number plus one; zero is an empty cell. A cell's home follows from its 32
/// bits alone, so that moving cells never touches an entry.
///
/// It is changed under the lock of its shard, and looked through without: what is found then may be wrong, or missing, and the
/// caller checks (``CacheTable``). Cells that were left for larger or smaller ones stay until the end, since somebody may be
/// looking through them, and are used again: there are never two of one size.
@safe struct CacheIndex: ~Copyable, @unchecked Sendable {
    private typealias Cell = Atomic<UInt64>

    /// The address of the first cell, a multiple of 64; in its six low bits, the logarithm of the number of cells. In one word,
    /// so that nobody reads the one without the other.
    private let word: Atomic<UInt>
    /// The largest cells that were made; behind them are those half as large, and so on down to the smallest.
    private let largest: Atomic<UInt>
    private let entries = Atomic<Int>(0)

    private static let minimumLogarithm = 3

    init() {
        let smallest = Self.makeCells(logarithm: Self.minimumLogarithm, smaller: 0)
        word = Atomic(smallest)
        largest = Atomic(smallest)
    }

    deinit {
        var word = largest.load(ordering: .relaxed)
        while word != 0 {
            let cells = unsafe Self.cells(word).cells
            word = Self.smaller(word)
            // Allocated by `makeCells`; nobody looks through the index any more.
            unsafe UnsafeMutableRawPointer(cells).deallocate()
        }
    }

    /// How many entries there are.
    var count: Int { entries.load(ordering: .relaxed) }

    /// How many positions there are.
    var capacity: Int { unsafe Self.cells(word.load(ordering: .relaxed)).mask + 1 }

    /// The number of the entry at a position; `nil` where the cell is empty.
    subscript(position: Int) -> UInt32? {
        let (cells, mask) = unsafe Self.cells(word.load(ordering: .relaxed))
        // The mask keeps every position within the cells; here and below.
        let cell = unsafe cells[position & mask].load(ordering: .relaxed)
        return cell == 0 ? nil : UInt32(truncatingIfNeeded: cell) - 1
    }

    /// The position and number of the first entry with that hash for which `matches` holds.
    @inline(__always)
    func find(_ hash: UInt64, where matches: (UInt32) -> Bool) -> (position: Int, number: UInt32)? {
        let (cells, mask) = unsafe Self.cells(word.load(ordering: .acquiring))
        let fragment = UInt32(truncatingIfNeeded: hash)
        var position = Int(fragment) & mask
        // A quarter of the cells is empty; the bound is for those who look on while cells move.
        for _ in 0...mask {
            let cell = unsafe cells[position].load(ordering: .relaxed)
            guard cell != 0 else { return nil }
            if UInt32(truncatingIfNeeded: cell >> 32) == fragment {
                let number = UInt32(truncatingIfNeeded: cell) - 1
                if matches(number) { return (position, number) }
            }
            position = (position + 1) & mask
        }
        return nil
    }

    // MARK: Under the lock

    /// Adds an entry, whose hash is not here yet.
    func insert(_ number: UInt32, hash: UInt64) {
        if (count + 1) * 4 > capacity * 3 { resize(logarithm: logarithm + 1) }
        unsafe Self.put(hash << 32 | UInt64(number + 1), Self.cells(word.load(ordering: .relaxed)))
        entries.store(count + 1, ordering: .relaxed)
    }

    /// Empties a position. The cells behind it move up, so a sweep must look at the same position again.
    func remove(at position: Int) {
        let (cells, mask) = unsafe Self.cells(word.load(ordering: .relaxed))
        var hole = position & mask
        var next = (hole + 1) & mask
        while true {
            let cell = unsafe cells[next].load(ordering: .relaxed)
            guard cell != 0 else { break }
            // A cell may fill the hole unless its home lies behind it.
            let distance = (next - Self.home(of: cell, mask)) & mask
            if distance >= (next - hole) & mask {
                unsafe cells[hole].store(cell, ordering: .relaxed)
                hole = next
            }
            next = (next + 1) & mask
        }
        unsafe cells[hole].store(0, ordering: .relaxed)
        entries.store(count - 1, ordering: .relaxed)
    }

    /// Whether so few cells hold an entry that who walks through them passes by more than seven empty ones for each.
    var isSparse: Bool { capacity > 1 << Self.minimumLogarithm && count * 8 < capacity }

    /// Takes cells of which at least one in four holds an entry, or the smallest. Positions change.
    func shrink() {
        var fitting = logarithm
        while fitting > Self.minimumLogarithm, count * 4 < 1 << fitting { fitting -= 1 }
        if fitting < logarithm { resize(logarithm: fitting) }
    }

    private var logarithm: Int { Int(word.load(ordering: .relaxed) & 63) }

    private func resize(logarithm: Int) {
        let (old, mask) = unsafe Self.cells(word.load(ordering: .relaxed))
        let new = keptCells(logarithm: logarithm)
        for position in 0...mask {
            let cell = unsafe old[position].load(ordering: .relaxed)
            guard cell != 0 else { continue }
            unsafe Self.put(cell, Self.cells(new))
            unsafe old[position].store(0, ordering: .relaxed)
        }
        word.store(new, ordering: .releasing)
    }

    /// The empty cells of a size, which is at most twice the largest before.
    private func keptCells(logarithm: Int) -> UInt {
        var word = largest.load(ordering: .relaxed)
        precondition(logarithm <= Int(word & 63) + 1, "an index doubles when it grows")
        if logarithm > Int(word & 63) {
            word = Self.makeCells(logarithm: logarithm, smaller: word)
            largest.store(word, ordering: .relaxed)
        }
        while logarithm < Int(word & 63) { word = Self.smaller(word) }
        return word
    }

    // MARK: Cells

    private static func home(of cell: UInt64, _ mask: Int) -> Int { Int(cell >> 32) & mask }

    private static func put(_ cell: UInt64, _ place: (cells: UnsafeMutablePointer<Cell>, mask: Int)) {
        var position = unsafe home(of: cell, place.mask)
        while unsafe place.cells[position].load(ordering: .relaxed) != 0 {
            position = unsafe (position + 1) & place.mask
        }
        unsafe place.cells[position].store(cell, ordering: .relaxed)
    }

    /// The cells that a word of `makeCells` stands for, and the mask of their positions.
    @inline(__always)
    private static func cells(_ word: UInt) -> (cells: UnsafeMutablePointer<Cell>, mask: Int) {
        // Never nil: an address that was allocated.
        unsafe (UnsafeMutablePointer(bitPattern: word & ~63).unsafelyUnwrapped, 1 &<< Int(word & 63) &- 1)
    }

    /// The word of the cells half as large; zero for the smallest.
    private static func smaller(_ word: UInt) -> UInt {
        let (cells, mask) = unsafe cells(word)
        // It stands behind the last cell.
        return UInt(unsafe cells[mask + 1].load(ordering: .relaxed))
    }

    /// Empty cells.
    private static func makeCells(logarithm: Int, smaller: UInt) -> UInt {
        let capacity = 1 << logarithm
        let raw = UnsafeMutableRawPointer.allocate(byteCount: (capacity + 1) * MemoryLayout<Cell>.stride, alignment: 64)
        let cells = unsafe raw.bindMemory(to: Cell.self, capacity: capacity + 1)
        // Fresh memory, with one word behind the cells.
        for position in 0..<capacity { unsafe (cells + position).initialize(to: Cell(0)) }
        unsafe (cells + capacity).initialize(to: Cell(UInt64(smaller)))
        return UInt(bitPattern: raw) | UInt(logarithm)
    }
}
