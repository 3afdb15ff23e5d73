import Metrics
import Synchronization

/// What the service measures. Each series is made once: to find one among all, by its name and labels, costs more than to count.
final class ServiceMetrics: Sendable {
    private struct Answer: Hashable {
        var operation: String
        var status: Int
    }

    private struct Origin: Hashable {
        var origin: String
        var provider: String
    }

    private let durations = Mutex<[Answer: Metrics.Timer]>([:])
    private let chats = Mutex<[Origin: Counter]>([:])

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

    func chat(servedBy source: KeySource) {
        let origin = Origin(origin: source.origin, provider: source.provider)
        let counter = chats.withLock { chats in
            if let known = chats[origin] { return known }
            let dimensions = [("origin", source.origin), ("provider", source.provider)]
            let made = Counter(label: "keyvault_chats", dimensions: dimensions)
            chats[origin] = made
            return made
        }
        counter.increment()
    }
}
