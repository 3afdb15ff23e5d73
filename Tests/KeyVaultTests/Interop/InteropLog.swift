import Foundation

/// What opening a log comes to, as `interop.py log` tells it.
struct InteropLog: Decodable, Hashable {
    struct Frame: Decodable, Hashable {
        let offset: Int
        let sequence: UInt64
        let type: Int
        let continues: Bool
        /// Its length.
        let payload: Int

        var end: Int { offset + 32 + payload }
    }

    enum Outcome: String, Decodable { case intact, torn, corrupt, foreign, newer }

    let outcome: Outcome
    /// Of the damage.
    let offset: Int?
    let generation: UInt64?
    /// Of the last complete batch.
    let end: Int?
    /// Of all complete batches; with a hint, of those behind its checkpoint.
    let frames: [Frame]?
    /// How many rows the hint lists, where there is one that may be used.
    let entries: Int?
    /// Where the hint's rows lie that are damaged.
    let damaged: [Int]?
    /// Whether all of the log can be read, and gives the hint.
    let whole: Bool?

    static func read(_ path: String) async throws -> InteropLog { try await Python.run("log", ["path": path]) }
}
