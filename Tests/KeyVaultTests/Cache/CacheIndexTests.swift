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

    @Test func tellsEntriesOfOneFragmentApart() {
        let index = CacheIndex()
        for number in 0..<5 as Range<UInt32> { index.insert(number, hash: 42) }
        #expect(index.find(42, where: { $0 == 3 })?.number == 3)
        #expect(index.find(42, where: { $0 == 5 }) == nil)
    }
}
