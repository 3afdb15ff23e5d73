import KeyVaultFormat
import Testing

@testable import KeyVaultStorage

@Suite struct ScanOrderTests {
    private func note(_ count: Int, in order: inout ScanOrder) throws {
        for number in 1...count {
            let id = try RecordID(tenant: "acme", provider: "openai", label: "\(number)")
            let place = RowIndex.Place(offset: UInt64(number) * 100, length: 100)
            order.note(RecordKey(id: id, revision: 1), RowIndex.Entry(hash: 1, revision: 1, place: place))
        }
    }

    /// Otherwise a list would never begin beside somebody who writes without end.
    @Test func whoeverWritesAsFastAsRowsAreSortedIsNotWaitedFor() throws {
        var order = ScanOrder()
        order.beginBuilding()
        try note(1_000, in: &order)
        #expect(order.takeRecent(atMost: .max)?.count == 1_000)
        try note(600, in: &order)
        #expect(order.takeRecent(atMost: 500) == nil)
        order.finishBuilding([])
        #expect(order.isBuilt && order.recent.count == 600)
        order.finishMerging([], before: 30_000)
        #expect(order.recent.count == 301)
    }

    @Test func aFewRowsMayStay() throws {
        var order = ScanOrder()
        order.beginBuilding()
        try note(200, in: &order)
        #expect(order.takeRecent(atMost: .max) == nil)
    }
}
