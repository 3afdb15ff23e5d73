import Testing

@testable import KeyVault

@Suite struct CacheIndexTests {
    /// Few different hashes, so that cells pile up, wrap around and move.
    @Test(arguments: [8, 64, 100_000] as [UInt64])
    func agreesWithADictionary(hashes: UInt64) {
        var random = SystemRandomNumberGenerator()
        let index = CacheIndex()
        var model: [UInt64: UInt32] = [:]
        for number in 0..<20_000 as Range<UInt32> {
            // Homes crowd around the end of the table and its beginning.
            let hash = (UInt64.random(in: 0..<hashes, using: &random) &- hashes / 2) & 0xFFFF_FFFF
            let found = index.find(hash, where: { _ in true })
            #expect(found?.number == model[hash])
            if let found {
                index.remove(at: found.position)
                model[hash] = nil
            } else {
                index.insert(number, hash: hash)
                model[hash] = number
            }
            #expect(index.count == model.count)
            #expect(index.count * 4 <= index.capacity * 3)
        }
        for (hash, number) in model { #expect(index.find(hash, where: { _ in true })?.number == number) }
    }

    /// Peaks, each with hashes of its own, and what a purge leaves of them: cells that were outgrown are used again, and nothing of
    /// before is found in them.
    @Test(arguments: [0, 1, 2, 9, 300])
    func shrinksToWhatIsLeft(left: UInt32) {
        let index = CacheIndex()
        for round in 0..<4 as Range<UInt32> {
            let entries = (round * 5000)..<((round + 1) * 5000 - round * 1000)
            for number in entries { index.insert(number, hash: Self.hash(number)) }
            #expect(index.isSparse == false)
            for number in entries.dropFirst(Int(left)) { index.remove(at: Self.find(number, in: index) ?? 0) }
            #expect(index.isSparse == true)
            index.shrink()
            #expect(index.isSparse == false)
            #expect(index.capacity <= max(8, 4 * Int(left)))
            #expect(index.count == Int(left))
            for number in 0..<20_000 as Range<UInt32> {
                #expect((Self.find(number, in: index) != nil) == entries.prefix(Int(left)).contains(number))
            }
            for number in entries.prefix(Int(left)) { index.remove(at: Self.find(number, in: index) ?? 0) }
            #expect((0..<index.capacity).allSatisfy { index[$0] == nil })
        }
    }

    private static func find(_ number: UInt32, in index: borrowing CacheIndex) -> Int? {
        index.find(hash(number), where: { $0 == number })?.position
    }

    private static func hash(_ number: UInt32) -> UInt64 { UInt64(number &* 2_654_435_761) }

    @Test func tellsEntriesOfOneFragmentApart() {
        let index = CacheIndex()
        for number in 0..<5 as Range<UInt32> { index.insert(number, hash: 42) }
        #expect(index.find(42, where: { $0 == 3 })?.number == 3)
        #expect(index.find(42, where: { $0 == 5 }) == nil)
    }
}
