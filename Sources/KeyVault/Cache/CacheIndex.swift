import Synchronization

/// Which entry belongs to a hash: an open-addressing table of eight-byte cells.
///
/// A cell holds 32 bits of the hash and the entry's number plus one; zero is an empty cell. A cell's home follows from its 32
/// bits alone, so that moving cells never touches an entry.
///
/// It is changed under the lock of its shard, and looked through without: what is found then may be wrong, or missing, and the
/// caller checks (``CacheTable``). Cells that were outgrown stay until the end, since somebody may be looking through them;
/// together they are no larger than those in use. It never shrinks, so that an eviction after a purge passes by what a peak left
/// empty.
@safe struct CacheIndex: ~Copyable, @unchecked Sendable {
    private typealias Cell = Atomic<UInt64>

    /// The address of the first cell, a multiple of 64; in its six low bits, the logarithm of the number of cells. In one word,
    /// so that nobody reads the one without the other.
    private let word: Atomic<UInt>
    private let entries = Atomic<Int>(0)

    private static let minimumLogarithm = 3

    init() { word = Atomic(Self.makeCells(logarithm: Self.minimumLogarithm, outgrown: 0)) }

    deinit {
        var word = word.load(ordering: .relaxed)
        while word != 0 {
            let (cells, mask) = unsafe Self.cells(word)
            word = unsafe Self.outgrown(cells, mask)
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
        if (count + 1) * 4 > capacity * 3 { grow() }
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

    private func grow() {
        let word = word.load(ordering: .relaxed)
        let (old, mask) = unsafe Self.cells(word)
        let larger = Self.makeCells(logarithm: Int(word & 63) + 1, outgrown: word)
        for position in 0...mask {
            let cell = unsafe old[position].load(ordering: .relaxed)
            if cell != 0 { unsafe Self.put(cell, Self.cells(larger)) }
        }
        self.word.store(larger, ordering: .releasing)
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

    /// The word of the cells that these took the place of; zero for the first.
    private static func outgrown(_ cells: UnsafeMutablePointer<Cell>, _ mask: Int) -> UInt {
        // It stands behind the last cell.
        UInt(unsafe cells[mask + 1].load(ordering: .relaxed))
    }

    /// Empty cells.
    private static func makeCells(logarithm: Int, outgrown: UInt) -> UInt {
        let capacity = 1 << logarithm
        let raw = UnsafeMutableRawPointer.allocate(byteCount: (capacity + 1) * MemoryLayout<Cell>.stride, alignment: 64)
        let cells = unsafe raw.bindMemory(to: Cell.self, capacity: capacity + 1)
        // Fresh memory, with one word behind the cells.
        for position in 0..<capacity { unsafe (cells + position).initialize(to: Cell(0)) }
        unsafe (cells + capacity).initialize(to: Cell(UInt64(outgrown)))
        return UInt(bitPattern: raw) | UInt(logarithm)
    }
}
