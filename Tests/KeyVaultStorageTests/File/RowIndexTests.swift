import TestSupport
import Testing

@testable import KeyVaultStorage

@Suite struct RowIndexTests {
    /// Whoever walks over a copy sees what was there, whatever is done meanwhile.
    @Test func aCopyStaysAsItWas() {
        var index = RowIndex()
        for number in 1...99 as ClosedRange<UInt64> {
            index.insert(.init(hash: number, revision: 1, place: .init(offset: number * 100, length: 50)))
        }
        let copy = index
        index.detach()
        index.remove(.init(hash: 7, revision: 1, place: .init(offset: 700, length: 50)))
        #expect(copy.count == 99 && copy.contains(7, revision: 1) && !index.contains(7, revision: 1))
        #expect(index.count == 98)
    }

    /// Few hashes, so that they collide, and many removals, so that holes are closed.
    @Test func itHoldsWhatADictionaryHolds() {
        var (index, model, random) = (RowIndex(), [RowIndex.Entry](), SplitMix64(seed: 3))
        for step in 1...4000 {
            if random.below(3) > 0 || model.isEmpty {
                let entry = RowIndex.Entry(
                    hash: random.below(40) &* 0x1_0000_0001, revision: random.below(5),
                    place: RowIndex.Place(offset: UInt64(step * 100), length: 50))
                index.insert(entry)
                model.append(entry)
            } else {
                index.remove(model.remove(at: Int(random.below(UInt64(model.count)))))
            }
            #expect(index.count == model.count && index.liveBytes == UInt64(model.count * 50))
            guard step.isMultiple(of: 50) else { continue }
            #expect(index.places == model.map(\.place).sorted())
            for hash in Set(model.map(\.hash)) {
                let expected = model.filter { $0.hash == hash }.sorted {
                    $0.revision == $1.revision ? $0.place > $1.place : $0.revision > $1.revision
                }
                #expect(index.entries(of: hash) == expected)
                #expect(index.highest(hash) == expected.first)
                for revision in UInt64(0)..<5 {
                    let found = index.entries(of: hash, at: revision).map(\.place).sorted(by: >)
                    #expect(found == expected.filter { $0.revision == revision }.map(\.place))
                }
            }
        }
    }
}
