import Foundation
import KeyVault
import KeyVaultFormat
import KeyVaultTesting

/// The same operations on a vault in every store and on a plain dictionary, which must agree at every step. Now and
/// then the power goes for the file store, and SQLite's process is killed.
///
/// An input is a sequence of operations, a byte each, with what they need behind it.
struct StoresTarget: FuzzTarget {
    let name = "stores"
    private static let longest = 48

    var seeds: [[UInt8]] {
        [
            // Put, read, replace, list, reopen, read.
            [0, 0, 0, 0, 30, 1, 4, 0, 0, 0, 0, 0, 0, 70, 2, 9, 0, 14, 4, 0, 0],
            // Put, crash, read, rotate, crash, read, delete, put, read.
            [0, 0, 1, 0, 200, 1, 15, 1, 4, 0, 1, 12, 15, 2, 4, 0, 1, 7, 0, 1, 0, 0, 1, 0, 9, 9, 4, 0, 1],
            // Two tenants that Swift takes for one, an expiry, a sweep, a compaction, a deletion of one of them, a rotation.
            [0, 1, 0, 0, 9, 1, 0, 2, 0, 1, 9, 2, 3, 11, 5, 4, 2, 0, 10, 13, 8, 1, 4, 1, 0, 140, 15, 9, 138, 10],
            // Three keys, the third twice; a tenant with two of them deleted, a crash, the first replaced: above the floor.
            [
                0, 0, 0, 0, 9, 1, 0, 1, 0, 0, 9, 1, 0, 1, 1, 0, 9, 1, 1, 1, 1, 0, 9, 2, 8, 1, 15, 1,
                0, 0, 0, 0, 9, 3, 4, 0, 0,
            ],
        ]
    }

    func run(_ input: [UInt8]) async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let clock = ManualClock()
        var model = VaultModel()
        var vaults: [VaultUnderTest] = []
        for kind in [StoreUnderTest.memory(), .file(), .sqlite(folder.path)] {
            vaults.append(try await VaultUnderTest(kind, clock: clock))
        }
        var source = ByteSource(input)
        for step in 0..<Self.longest where !source.isAtEnd {
            let operation = VaultOperation(&source)
            if case .advance(let duration) = operation { clock.advance(by: duration) }
            let expected = model.apply(operation, at: clock.date)
            for index in vaults.indices {
                let found = try await vaults[index].apply(operation)
                try Finding.require(
                    found == expected,
                    "step \(step), \(operation): \(vaults[index].name) gave \(found), expected \(expected)")
            }
        }
        // The last look is at what the stores hold, not at what a cache does.
        _ = model.apply(.reopen, at: clock.date)
        for index in vaults.indices {
            let outcome = try await vaults[index].apply(.reopen)
            try Finding.require(outcome == .done, "\(vaults[index].name) does not open again: \(outcome)")
            let found = try await vaults[index].contents()
            try Finding.require(
                found == model.contents, "\(vaults[index].name) holds \(found), expected \(model.contents)")
            for id in model.contents.keys.sorted() {
                let (found, expected) = (
                    try await vaults[index].apply(.read(id)), model.apply(.read(id), at: clock.date)
                )
                try Finding.require(
                    found == expected, "in the end \(vaults[index].name) gave \(found) for \(id), expected \(expected)")
            }
            await vaults[index].close()
        }
    }
}
