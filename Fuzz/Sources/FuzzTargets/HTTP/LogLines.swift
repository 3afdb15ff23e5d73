import Logging
import Synchronization

/// A log that keeps every line, down to the finest, with what it is told beside it.
struct LogLines: LogHandler {
    final class Kept: Sendable {
        private let lines = Mutex<[String]>([])

        var text: String { lines.withLock { $0.joined(separator: "\n") } }

        func add(_ line: String) { lines.withLock { $0.append(line) } }
    }

    let kept: Kept
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    init(_ kept: Kept) { self.kept = kept }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let error = event.error.map { "\($0)" } ?? ""
        kept.add("\(event.level) \(event.message) \(metadata) \(event.metadata ?? [:]) \(error)")
    }
}
