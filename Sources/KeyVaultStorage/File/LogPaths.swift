/// The files beside a log (SPEC.md section 7.2.1).
struct LogPaths {
    let log: String

    var lock: String { log + "-lock" }
    var hint: String { log + "-hint" }
    var newLog: String { log + "-new" }
    var newHint: String { log + "-hint-new" }

    func damaged(generation: UInt64) -> String { log + "-damaged-\(generation)" }
}
