import Foundation
import Logging
import Synchronization

/// Everything that was said: log lines at trace level, errors, descriptions.
final class Evidence: Sendable {
    private let text = Mutex(Data())

    var bytes: Data { text.withLock { $0 } }

    func add(_ line: String) { text.withLock { $0.append(contentsOf: Array(line.utf8) + [UInt8(ascii: "\n")]) } }

    /// A value in every way in which a program may print it.
    func add(value: Any) {
        var dumped = ""
        dump(value, to: &dumped)
        add("\(value) \(String(reflecting: value)) \(dumped)")
        if let error = value as? any Error { add(error.localizedDescription) }
    }

    /// The error that `body` must throw.
    func addError(_ body: () async throws -> Void) async {
        do {
            try await body()
            add("canary did not fail: \(Canary.marker)")
        } catch {
            add(value: error)
        }
    }

    var logger: Logger {
        Logger(label: "keyvault") { [self] _ in Handler(evidence: self) }
    }

    private struct Handler: LogHandler {
        let evidence: Evidence
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            evidence.add("\(event.level) \(event.message) \(metadata) \(event.metadata ?? [:]) \(event.source)")
        }
    }
}
