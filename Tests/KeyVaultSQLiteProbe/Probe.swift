import Foundation
import KeyVaultFormat
import KeyVaultSQLite
import KeyVaultStorage

/// A process that uses a store as the test that started it says, and prints what it did.
///
///     open PATH              prints "open", or the code of the error
///     count PATH ROUNDS      raises the revision of counter/openai, one compare-and-swap after the other
///     insert PATH TENANT     inserts TENANT/p1, TENANT/p2, … for ever, and prints each number that was acknowledged
@main struct Probe {
    static func main() async throws {
        let arguments = CommandLine.arguments
        do {
            let store = try await SQLiteStore.open(arguments[2], busyTimeout: .seconds(3_600))
            switch arguments[1] {
            case "count": try await count(Int(arguments[3]) ?? 0, in: store)
            case "insert": try await insert(arguments[3], into: store)
            default: print("open")
            }
            await store.close()
        } catch let error as StoreError {
            print(error.code.rawValue)
        }
    }

    static func insert(_ tenant: String, into store: SQLiteStore) async throws {
        for number in 1... {
            let id = try RecordID(tenant: tenant, provider: "p\(number)")
            // A batch of two, so that a torn one would show.
            let pair = try RecordID(tenant: tenant, provider: "p\(number)", label: "pair")
            let sealed = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 412)
            try await store.write(
                WriteBatch(
                    generation: 1,
                    changes: [id, pair].map { .insert(RecordKey(id: $0, revision: 1), sealed: sealed) }))
            try FileHandle.standardOutput.write(contentsOf: Data("\(number)\n".utf8))
        }
    }

    static func count(_ rounds: Int, in store: SQLiteStore) async throws {
        let id = try RecordID(tenant: "counter", provider: "openai")
        var left = rounds
        while left > 0, let row = try await store.read(id) {
            let next = RecordKey(id: id, revision: row.revision + 1)
            do throws(StoreError) {
                try await store.write(
                    WriteBatch(
                        generation: 1,
                        changes: [.replace(next, sealed: [], replacing: row.revision, commitment: nil, retained: nil)]))
                left -= 1
            } catch {
                guard error.code == .conflict else { throw error }
            }
        }
    }
}
