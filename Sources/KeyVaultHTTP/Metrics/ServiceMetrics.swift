import Metrics
import Synchronization

/// What the service measures. Each series is made once: to find one among all, by its name and labels, costs more than to count.
final class ServiceMetrics: Sendable {
    private struct Answer: Hashable {
        var operation: String
        var status: Int
    }

    private struct Series: Hashable {
        var label: String
        var origin: String
        var provider: String
    }

    private let durations = Mutex<[Answer: Metrics.Timer]>([:])
    private let counters = Mutex<[Series: Counter]>([:])

    func answered(_ operation: Operation, status: Int, took: Duration) {
        let answer = Answer(operation: operation.name, status: status)
        let timer = durations.withLock { durations in
            if let known = durations[answer] { return known }
            let dimensions = [("operation", operation.name), ("status", String(status))]
            let made = Metrics.Timer(label: "keyvault_http_request_duration", dimensions: dimensions)
            durations[answer] = made
            return made
        }
        timer.record(duration: took)
    }

    /// Counts a chat that its provider serves.
    func chat(servedBy source: KeySource) { counter("keyvault_chats", source).increment() }

    /// Counts a stream that did not come to its end: its answer has said 200.
    func streamBrokeOff(servedBy source: KeySource) { counter("keyvault_broken_streams", source).increment() }

    private func counter(_ label: String, _ source: KeySource) -> Counter {
        let series = Series(label: label, origin: source.origin, provider: source.provider)
        return counters.withLock { counters in
            if let known = counters[series] { return known }
            let dimensions = [("origin", source.origin), ("provider", source.provider)]
            let made = Counter(label: label, dimensions: dimensions)
            counters[series] = made
            return made
        }
    }
}
