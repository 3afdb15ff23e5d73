import KeyVaultFormat
import KeyVaultStorage

extension StoreConformance {
    /// After the end.
    static var closeCases: [Case] {
        [
            Case("After close() every call throws closed, and a second close() does nothing") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                try await run.write(.insert(one.at(1), sealed: []), to: store)
                await store.close()
                await store.close()
                let calls: [(String, @Sendable () async throws -> Void)] = [
                    ("readHead", { _ = try await store.readHead() }),
                    ("create", { try await store.create(header: [1]) }),
                    ("read by id", { _ = try await store.read(one) }),
                    ("read by key", { _ = try await store.read(one.at(1)) }),
                    ("scan", { _ = try await store.scan(.everything, after: nil, limit: 1) }),
                    ("write", { try await store.write(WriteBatch(generation: 1)) }),
                    ("foreignChanges", { _ = try await store.foreignChanges() }),
                ]
                for (name, call) in calls {
                    try await run.expectError(.closed, .closed, "\(name) after close()", from: call)
                }
                await store.close()
            },
            Case("Of several close() at once each returns when the store is closed") { run in
                for number in 0..<8 {
                    let (store, one) = (try await run.open(), try id("t\(number)"))
                    if try await store.readHead() == nil { try await store.create(header: ConformanceRun.header) }
                    try await run.write(.insert(one.at(1), sealed: sealedBytes(1)), to: store)
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<8 {
                            group.addTask {
                                await store.close()
                                try await run.expectError(.closed, .closed, "a read after one of several close()") {
                                    _ = try await store.read(one)
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                }
            },
            Case("A close() among reads, scans and writes ends each with its result or with closed") { run in
                let (store, one) = (try await run.created(), try id("acme"))
                try await run.write(.insert(one.at(1), sealed: sealedBytes(1)), to: store)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<48 {
                        group.addTask {
                            do {
                                switch number % 3 {
                                case 0: _ = try await store.read(one)
                                case 1: _ = try await store.scan(.everything, after: nil, limit: 9)
                                default: try await run.write(.insert(try id("t\(number)").at(1), sealed: []), to: store)
                                }
                            } catch let error as StoreError {
                                try run.expect(error.code == .closed, .closed, "a call during close() threw \(error)")
                            }
                        }
                    }
                    for _ in 0..<3 { group.addTask { await store.close() } }
                    try await group.waitForAll()
                }
            },
        ]
    }
}
