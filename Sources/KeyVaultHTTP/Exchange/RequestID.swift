import Synchronization

/// Names one request in answers and logs, so that a person can ask about it.
enum RequestID {
    /// Begins anywhere, and comes to no number twice: the step is odd. To ask the system for each would be a call of it each.
    private static let last = Atomic<UInt64>(.random(in: .min ... .max))
    private static let step: UInt64 = 0x9E37_79B9_7F4A_7C15

    static func make() -> String {
        let digits = String(last.wrappingAdd(step, ordering: .relaxed).newValue, radix: 16)
        return "req_" + String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
