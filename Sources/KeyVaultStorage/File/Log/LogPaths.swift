/// The files beside a log (SPEC.md section 7.2.1).
struct LogPaths {
    let log: String
    /// Looked for with every write.
    let lock: String

    init(log: String) { (self.log, lock) = (log, log + "-lock") }

    var hint: String { log + "-hint" }
    var newLog: String { log + "-new" }
    /// Where there is such a lock, what bears the name ``newLog`` is another vault's log. A rewrite makes no lock.
    var lockOfNewLog: String { newLog + "-lock" }
    var newHint: String { log + "-hint-new" }

    /// Where a repair keeps the log as it was; `number` counts repairs of one generation.
    func damaged(generation: UInt64, _ number: Int) -> String {
        log + "-damaged-\(generation)" + (number == 1 ? "" : "-\(number)")
    }
}
