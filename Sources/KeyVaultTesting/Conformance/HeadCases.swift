import KeyVaultFormat
import KeyVaultStorage

extension StoreConformance {
    /// The header, its generation, and what a writer with an old one may not do.
    static var headCases: [Case] {
        [
            Case("A new store has no head until one is created, once") { run in
                let store = try await run.open()
                try run.expect(try await store.readHead() == nil, .head, "a store that was not created has no head")
                try await run.expectError(.notFound, .head, "a write before the creation") {
                    try await store.write(WriteBatch(generation: 1))
                }
                try await store.create(header: ConformanceRun.header)
                let head = StoreHead(header: ConformanceRun.header, generation: 1, revisionFloor: 0)
                try run.expect(try await store.readHead() == head, .head, "a new head is at generation 1, floor 0")
                try await run.expectError(.exists, .head, "a second creation") { try await store.create(header: [1]) }
                try run.expect(try await store.readHead() == head, .head, "a refused creation changes nothing")
            },
            Case("A copy of a vault begins at its original's generation, and its floor is raised last") { run in
                let (store, one) = (try await run.open(), try id("acme"))
                try await store.create(header: [1], generation: 41)
                try await store.write(
                    WriteBatch(
                        generation: 41,
                        changes: [.insert(one.at(3), sealed: sealedBytes(1)), .raiseFloor(9), .raiseFloor(5)],
                        header: [2]))
                let head = StoreHead(header: [2], generation: 42, revisionFloor: 9)
                try run.expect(
                    try await store.readHead() == head, .head, "the generation goes on, the floor never falls")
                try await run.expectError(.conflict, .head, "an insertion that is not above the floor") {
                    let two = try id("other")
                    try await store.write(
                        WriteBatch(generation: 42, changes: [.insert(two.at(9), sealed: sealedBytes(1))]))
                }
            },
            Case("A copy of a vault that never changed its header begins at generation 0") { run in
                let store = try await run.open()
                try await store.create(header: [1], generation: 0)
                let unfinished = StoreHead(header: [1], generation: 0, revisionFloor: 0)
                try run.expect(
                    try await store.readHead() == unfinished, .head, "the unfinished copy is at generation 0")
                try await store.write(WriteBatch(generation: 0, header: [2]))
                let head = StoreHead(header: [2], generation: 1, revisionFloor: 0)
                try run.expect(try await store.readHead() == head, .head, "the finished copy is at generation 1")
            },
            Case("A generation beyond the last one is refused, and nothing is there") { run in
                let store = try await run.open()
                try await run.expectError(.invalid, .limits, "a creation at 2⁶³") {
                    try await store.create(header: ConformanceRun.header, generation: 1 << 63)
                }
                try run.expect(try await store.readHead() == nil, .limits, "there is no head")
            },
            Case("Of many creations at once one succeeds") { run in
                let store = try await run.open()
                let winners = try await withThrowingTaskGroup(of: UInt8?.self) { group in
                    for number in 0..<UInt8(16) {
                        group.addTask {
                            do throws(StoreError) {
                                try await store.create(header: [number])
                                return number
                            } catch {
                                try run.expect(error.code == .exists, .head, "the others get exists, not \(error)")
                                return nil
                            }
                        }
                    }
                    return try await group.reduce(into: [UInt8]()) { all, winner in if let winner { all.append(winner) }
                    }
                }
                try run.expect(winners.count == 1, .head, "\(winners.count) of 16 creations succeeded")
                try run.expect(try await store.readHead()?.header == winners, .head, "the header is the winner's")
            },
            Case("A header that is written raises the generation by one, together with the changes beside it") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                try await store.write(
                    WriteBatch(generation: 1, changes: [.insert(one.at(1), sealed: sealedBytes(1))], header: [7, 7]))
                let head = StoreHead(header: [7, 7], generation: 2, revisionFloor: 0)
                try run.expect(try await store.readHead() == head, .head, "the new header is at generation 2")
                try run.expect(try await store.read(one) != nil, .head, "the change beside the header is there")
                try await store.write(WriteBatch(generation: 2))
                try run.expect(try await store.readHead() == head, .head, "a batch without a header leaves it alone")
            },
            Case("A batch of any other generation is refused, whatever it holds") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                try await store.write(WriteBatch(generation: 1, header: [2]))
                for generation: UInt64 in [0, 1, 3, .max] {
                    for changes: [RecordChange] in [[], [.insert(one.at(1), sealed: sealedBytes(1))]] {
                        try await run.expectError(.staleHeader, .head, "a batch of generation \(generation)") {
                            try await store.write(WriteBatch(generation: generation, changes: changes, header: [3]))
                        }
                    }
                }
                try run.expect(try await store.readHead()?.header == [2], .head, "a refused header is not written")
                try run.expect(try await store.read(one) == nil, .head, "a refused change is not applied")
            },
            Case("Of many headers at once for one generation one is written") { run in
                let store = try await run.created()
                let winners = try await withThrowingTaskGroup(of: UInt8?.self) { group in
                    for number in 0..<UInt8(16) {
                        group.addTask {
                            do throws(StoreError) {
                                try await store.write(WriteBatch(generation: 1, header: [number]))
                                return number
                            } catch {
                                try run.expect(error.code == .staleHeader, .head, "the others are stale, not \(error)")
                                return nil
                            }
                        }
                    }
                    return try await group.reduce(into: [UInt8]()) { all, winner in if let winner { all.append(winner) }
                    }
                }
                try run.expect(winners.count == 1, .head, "\(winners.count) of 16 headers were written")
                let head = StoreHead(header: winners, generation: 2, revisionFloor: 0)
                try run.expect(try await store.readHead() == head, .head, "the header is the winner's, at generation 2")
            },
        ]
    }
}
