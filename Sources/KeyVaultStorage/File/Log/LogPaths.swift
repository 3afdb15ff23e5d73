/// The files beside a log (SPEC.md section 7.2.1).
struct LogPaths {
    let log: String
    /// Looked for with every write.
    let lock: String

    init(log: String) { (self.log, lock) = (log, log + "-lock") }

    var hint: String { log + "-hint" }
    var newLog: String { log + "-new" }
    var newHint: String { log + "-hint-new" }

    /// Where a repair keeps the log as it was; `number` counts repairs of one generation.
    func damaged(generation: UInt64, _ number: Int) -> String {
        log + "-damaged-\(generation)" + (number == 1 ? "" : "-\(number)")
    }

    /// Refuses to use names that another vault's log has: a lock lies beside each log, and beside none of these files of ours.
    func checkFree(_ layer: any FileLayer) throws(StoreError) {
        for path in [newLog, newHint, hint] {
            guard try beginning(of: path + "-lock", layer) != nil, let beginning = try beginning(of: path, layer),
                // What was broken off, as whoever had that lock once may have left it, begins with nothing.
                !beginning.allSatisfy({ $0 == 0 }), beginning != IndexHint.magic
            else { continue }
            throw StoreError(
                .exists,
                "\(path) is, by the lock beside it, a vault of its own, and \(log) needs that name. Rename one of them, with the files "
                    + "beside it.")
        }
    }

    /// Up to four bytes; `nil` where there is no such file.
    private func beginning(of path: String, _ layer: any FileLayer) throws(StoreError) -> [UInt8]? {
        do {
            let file = try layer.open(path, creating: false)
            var bytes = [UInt8](repeating: 0, count: 4)
            var span = bytes.mutableSpan
            let count = try file.readFully(into: &span, at: 0)
            return Array(bytes.prefix(count))
        } catch .notFound { return nil } catch { throw error.doing("looked for", path) }
    }
}
