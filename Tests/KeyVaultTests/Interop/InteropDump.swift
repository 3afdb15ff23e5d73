/// Asks `interop.py` what a vault holds.
struct InteropDump: Encodable {
    let path: String
    let masterKeys: [HexBytes]

    init(path: String, masterKey: [UInt8]) { (self.path, masterKeys) = (path, [HexBytes(bytes: masterKey)]) }

    /// Every row, in order.
    func run() async throws -> [InteropRow] {
        let answer: Rows = try await Python.run("dump", self)
        return answer.records
    }

    private struct Rows: Decodable { let records: [InteropRow] }
}
