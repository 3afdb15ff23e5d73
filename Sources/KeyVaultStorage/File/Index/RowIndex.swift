/// Where each row lies in the log: a flat table, open addressing, 24 bytes an entry.
///
/// Between 3/8 and 3/4 of it is in use, which makes 32 to 64 bytes a row, and 96 for the moment in which it grows. It holds no
/// names: they are in the log, and whoever looks a row up compares them there. That is a `pread` which a reader makes in any
/// case, and it is what keeps a million rows in 50 MB.
struct RowIndex {
    struct Entry: Equatable {
        /// Of the encoded id, under the log's hash key.
        var hash: UInt64
        var revision: UInt64
        var place: Place
    }

    /// Where a frame begins and how long it is.
    struct Place: Hashable, Comparable {
        static let maximumOffset: UInt64 = 1 << 40

        /// Offset × 2²⁴ + length; never 0, since no frame begins at 0.
        let packed: UInt64

        init(offset: UInt64, length: Int) { packed = offset << 24 | UInt64(length) }
        init(packed: UInt64) { self.packed = packed }

        var offset: UInt64 { packed >> 24 }
        var length: Int { Int(packed & 0xFF_FFFF) }
        var end: UInt64 { offset + UInt64(length) }

        static func < (left: Place, right: Place) -> Bool { left.packed < right.packed }
    }

    private static let free = Entry(hash: 0, revision: 0, place: Place(packed: 0))

    private var table: [Entry]
    private(set) var count = 0
    /// The frames of all rows, in bytes: what a compaction would keep.
    private(set) var liveBytes: UInt64 = 0

    init(capacity: Int = 0) {
        var size = 16
        while size * 3 / 4 < capacity { size *= 2 }
        table = Array(repeating: Self.free, count: size)
    }

    /// The entry of `hash` with the highest revision.
    func highest(_ hash: UInt64) -> Entry? {
        var best: Entry?
        forEach(hash) { entry in
            guard let highest = best, Self.isLower(entry, than: highest) else { return best = entry }
        }
        return best
    }

    /// The entries of `hash`, the highest revision first: one for each row of an id, and those of another id of the same hash.
    func entries(of hash: UInt64) -> [Entry] {
        var entries: [Entry] = []
        forEach(hash) { entries.append($0) }
        entries.sort { Self.isLower($1, than: $0) }
        return entries
    }

    /// The entries of `hash` at `revision`: more than one only where ids have the same hash.
    func entries(of hash: UInt64, at revision: UInt64) -> [Entry] {
        var entries: [Entry] = []
        forEach(hash) { if $0.revision == revision { entries.append($0) } }
        return entries
    }

    /// Whether there is an entry of `hash` at `revision`, wherever it lies.
    func contains(_ hash: UInt64, revision: UInt64) -> Bool {
        var isThere = false
        forEach(hash) { if $0.revision == revision { isThere = true } }
        return isThere
    }

    /// Copies the table where it is shared with another index, which the next change would do otherwise.
    mutating func detach() { table.reserveCapacity(table.count) }

    mutating func insert(_ entry: Entry) {
        if (count + 1) * 4 > table.count * 3 { grow() }
        var slot = home(entry.hash)
        while table[slot].place.packed != 0 { slot = (slot + 1) & (table.count - 1) }
        table[slot] = entry
        count += 1
        liveBytes += UInt64(entry.place.length)
    }

    /// Removes what ``insert(_:)`` put in.
    mutating func remove(_ entry: Entry) {
        guard var hole = slot(of: entry) else { return }
        count -= 1
        liveBytes -= UInt64(entry.place.length)
        // Entries behind the hole that could not have their home because of it move up, so that no probe ends early.
        var slot = (hole + 1) & (table.count - 1)
        while table[slot].place.packed != 0 {
            let distance = (slot - home(table[slot].hash)) & (table.count - 1)
            if distance >= (slot - hole) & (table.count - 1) {
                table[hole] = table[slot]
                hole = slot
            }
            slot = (slot + 1) & (table.count - 1)
        }
        table[hole] = Self.free
    }

    /// All of them, in no order.
    var entries: some Sequence<Entry> { table.lazy.filter { $0.place.packed != 0 } }

    /// The places of all rows in the order of the log.
    var places: [Place] { entries.map(\.place).sorted() }

    private func slot(of entry: Entry) -> Int? {
        var slot = home(entry.hash)
        while table[slot].place.packed != 0 {
            if table[slot].place == entry.place { return slot }
            slot = (slot + 1) & (table.count - 1)
        }
        return nil
    }

    @inline(__always)
    private func forEach(_ hash: UInt64, _ body: (Entry) -> Void) {
        var slot = home(hash)
        while table[slot].place.packed != 0 {
            if table[slot].hash == hash { body(table[slot]) }
            slot = (slot + 1) & (table.count - 1)
        }
    }

    private func home(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (table.count - 1) }

    private mutating func grow() {
        let old = table
        table = Array(repeating: Self.free, count: old.count * 2)
        for entry in old where entry.place.packed != 0 {
            var slot = home(entry.hash)
            while table[slot].place.packed != 0 { slot = (slot + 1) & (table.count - 1) }
            table[slot] = entry
        }
    }

    private static func isLower(_ left: Entry, than right: Entry) -> Bool {
        left.revision == right.revision ? left.place < right.place : left.revision < right.revision
    }
}
