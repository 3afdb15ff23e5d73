public import CoreMetrics
import Synchronization

/// Keeps what the program measures, and writes it in Prometheus' text form (version 0.0.4).
///
/// Bootstrap it once, and show ``text()`` at `/metrics`:
///
/// ```swift
/// let metrics = PrometheusMetrics()
/// MetricsSystem.bootstrap(metrics)
/// ```
public final class PrometheusMetrics: MetricsFactory {
    /// As it was named; it is put into Prometheus' alphabet when it is shown, and not each time that something is counted.
    struct Series: Hashable {
        private struct Dimension: Hashable {
            var name: String
            var value: String
        }

        private let label: String
        private let dimensions: [Dimension]

        init(_ label: String, _ dimensions: [(String, String)]) {
            self.label = label
            self.dimensions = dimensions.map { Dimension(name: $0.0, value: $0.1) }
        }

        var name: String { Self.sanitized(label) }
        /// With the ending that Prometheus asks of a counter, which the label may have already.
        var counterName: String { name.hasSuffix("_total") ? name : name + "_total" }
        var labels: [String] { dimensions.map { "\(Self.sanitized($0.name))=\"\(Self.escaped($0.value))\"" } }

        private static func sanitized(_ name: String) -> String {
            String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
        }

        private static func escaped(_ value: String) -> String {
            value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
        }
    }

    private struct State {
        var counters: [Series: PrometheusCounter] = [:]
        var gauges: [Series: PrometheusGauge] = [:]
        var histograms: [Series: PrometheusHistogram] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let series = Series(label, dimensions)
        return state.withLock { state in
            if let known = state.counters[series] { return known }
            let made = PrometheusCounter()
            state.counters[series] = made
            return made
        }
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        gauge(Series(label, dimensions))
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        aggregate ? histogram(Series(label, dimensions)) : gauge(Series(label, dimensions))
    }

    /// Times are shown in seconds.
    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        histogram(Series(label + "_seconds", dimensions))
    }

    // Series live as long as the process: they are few, and a series that begins anew would look like a restart.

    public func destroyCounter(_ handler: any CounterHandler) {}
    public func destroyMeter(_ handler: any MeterHandler) {}
    public func destroyRecorder(_ handler: any RecorderHandler) {}
    public func destroyTimer(_ handler: any TimerHandler) {}

    /// Everything that was measured so far.
    public func text() -> String {
        let state = state.withLock { $0 }
        var text = ""
        Self.write(state.counters, "counter", into: &text) { series, counter, text in
            text += "\(series.counterName)\(Self.braces(series.labels)) \(counter.value)\n"
        }
        Self.write(state.gauges, "gauge", into: &text) { series, gauge, text in
            text += "\(series.name)\(Self.braces(series.labels)) \(gauge.value)\n"
        }
        Self.write(state.histograms, "histogram", into: &text) { series, histogram, text in
            for bucket in histogram.buckets {
                text +=
                    "\(series.name)_bucket\(Self.braces(series.labels + ["le=\"\(bucket.bound)\""])) \(bucket.count)\n"
            }
            text += "\(series.name)_sum\(Self.braces(series.labels)) \(histogram.sum)\n"
            text += "\(series.name)_count\(Self.braces(series.labels)) \(histogram.count)\n"
        }
        return text
    }
}

extension PrometheusMetrics {
    private func gauge(_ series: Series) -> PrometheusGauge {
        state.withLock { state in
            if let known = state.gauges[series] { return known }
            let made = PrometheusGauge()
            state.gauges[series] = made
            return made
        }
    }

    private func histogram(_ series: Series) -> PrometheusHistogram {
        state.withLock { state in
            if let known = state.histograms[series] { return known }
            let made = PrometheusHistogram()
            state.histograms[series] = made
            return made
        }
    }

    private static func write<Value>(
        _ all: [Series: Value], _ type: String, into text: inout String,
        _ line: (Series, Value, inout String) -> Void
    ) {
        let sorted = all.sorted { ($0.key.name, $0.key.labels.joined()) < ($1.key.name, $1.key.labels.joined()) }
        var previous: String?
        for (series, value) in sorted {
            if series.name != previous {
                text += "# TYPE \(type == "counter" ? series.counterName : series.name) \(type)\n"
                previous = series.name
            }
            line(series, value, &text)
        }
    }

    private static func braces(_ labels: [String]) -> String {
        labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
    }
}
