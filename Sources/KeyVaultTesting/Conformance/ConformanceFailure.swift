/// A store does not do what its contract says.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
    /// The part of the contract: the doc comments of `RecordStore`, `RecordChange` and `ScanScope`.
    public enum Clause: String, Sendable {
        case atomic = "Atomic"
        case bytes = "Bytes"
        case cancellation = "A cancelled write"
        case changes = "RecordChange"
        case closed = "Closed once"
        case current = "Current"
        case durable = "Durable"
        case foreignChanges = "foreignChanges()"
        case head = "The header and its generation"
        case limits = "Limits"
        case revisions = "No number twice"
        case scan = "scan(_:after:limit:)"
    }

    /// The clause that is broken.
    public let clause: Clause
    /// What was expected and what came.
    public let message: String
    /// The case that found it.
    public let testCase: String
    /// Where in the suite the expectation stands.
    public let location: String

    public var description: String { "\(clause.rawValue): \(message) (in “\(testCase)”, \(location))" }
}
