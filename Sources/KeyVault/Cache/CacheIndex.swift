import KeyVaultCrypto

/// Which entry belongs to a hash: an open-addressing table of eight-byte cells.
///
/// A cell holds 32 bits of the hash and the entry's number plus one; zero is an empty cell. A cell's home follows from its 32
/// bits alone, so that moving cells never touches an entry.
@safe struct CacheIndex: ~Copyable, @unchecked Sendable {
    private var cells: UnsafeMutablePointer<UInt64>
    private var mask: Int
    private(set) var count = 0

    private static let minimumCapacity = 8

    init() {
        unsafe cells = Self.makeCells(Self.minimumCapacity)
        mask = Self.minimumCapacity - 1
    }

    deinit {
        // Allocated by `makeCells`, and nowhere else referred to.
        unsafe cells.deallocate()
    }

    /// How many positions there are.
    var capacity: Int { mask + 1 }

    /// The number of the entry at a position; `nil` where the cell is empty.
    @inline(__always)
    subscript(position: Int) -> UInt32? {
        // The mask keeps every position within the cells; here and below.
        let cell = unsafe cells[position & mask]
        return cell == 0 ? nil : UInt32(truncatingIfNeeded: cell) - 1
    }

    /// The position and number of the first entry with that hash for which `matches` holds.
    @inline(__always)
    func find(_ hash: UInt64, where matches: (UInt32) -> Bool) -> (position: Int, number: UInt32)? {
        let fragment = UInt32(truncatingIfNeeded: hash)
        var position = Int(fragment) & mask
        while true {
            let cell = unsafe cells[position]
            guard cell != 0 else { return nil }
            if UInt32(truncatingIfNeeded: cell >> 32) == fragment {
                let number = UInt32(truncatingIfNeeded: cell) - 1
                if matches(number) { return (position, number) }
            }
            position = (position + 1) & mask
        }
    }

    /// Adds an entry, whose hash is not here yet.
    mutating func insert(_ number: UInt32, hash: UInt64) {
        if (count + 1) * 4 > capacity * 3 { resize(to: capacity * 2) }
        place(hash << 32 | UInt64(number + 1))
        count += 1
    }

    /// Empties a position. The cells behind it move up, so a sweep must look at the same position again.
    mutating func remove(at position: Int) {
        var hole = position & mask
        var next = (hole + 1) & mask
        while true {
            let cell = unsafe cells[next]
            guard cell != 0 else { break }
            // A cell may fill the hole unless its home lies behind it.
            let distance = (next - home(of: cell)) & mask
            if distance >= (next - hole) & mask {
                unsafe cells[hole] = cell
                hole = next
            }
            next = (next + 1) & mask
        }
        unsafe cells[hole] = 0
        count -= 1
        if count == 0, capacity > Self.minimumCapacity { resize(to: Self.minimumCapacity) }
    }

    private func home(of cell: UInt64) -> Int { Int(cell >> 32) & mask }

    private func place(_ cell: UInt64) {
        var position = home(of: cell)
        while unsafe cells[position] != 0 { position = (position + 1) & mask }
        unsafe cells[position] = cell
    }

    private mutating func resize(to capacity: Int) {
        let (old, oldCapacity) = unsafe (cells, self.capacity)
        unsafe cells = Self.makeCells(capacity)
        mask = capacity - 1
        for position in 0..<oldCapacity {
            let cell = unsafe old[position]
            if cell != 0 { place(cell) }
        }
        unsafe old.deallocate()
    }

    /// Empty cells, at a cache line of their own.
    private static func makeCells(_ capacity: Int) -> UnsafeMutablePointer<UInt64> {
        let raw = UnsafeMutableRawPointer.allocate(byteCount: capacity * MemoryLayout<UInt64>.stride, alignment: 64)
        return unsafe raw.initializeMemory(as: UInt64.self, repeating: 0, count: capacity)
    }
}
