import CoreMetrics
import Testing

@testable import KeyVaultHTTP

@Suite struct PrometheusMetricsTests {
    @Test func writesWhatPrometheusReads() {
        let metrics = PrometheusMetrics()
        metrics.makeCounter(label: "requests.seen", dimensions: [("path", "a\"b\\c\n")]).increment(by: 2)
        metrics.makeCounter(label: "requests.seen", dimensions: [("path", "a\"b\\c\n")]).increment(by: 1)
        metrics.makeCounter(label: "bytes.total", dimensions: []).increment(by: 5)
        metrics.makeMeter(label: "keys", dimensions: []).set(7.5)
        let timer = metrics.makeTimer(label: "took", dimensions: [("op", "x")])
        timer.recordNanoseconds(2_000_000)
        timer.recordNanoseconds(120_000_000_000)
        let lines = metrics.text().split(separator: "\n").map(String.init)
        #expect(lines.contains("# TYPE requests_seen_total counter"))
        #expect(lines.contains(#"requests_seen_total{path="a\"b\\c\n"} 3"#))
        #expect(lines.contains("# TYPE bytes_total counter") && lines.contains("bytes_total 5"))
        #expect(lines.contains("keys 7.5"))
        #expect(lines.contains(#"took_seconds_bucket{op="x",le="0.001"} 0"#))
        #expect(lines.contains(#"took_seconds_bucket{op="x",le="0.0025"} 1"#))
        #expect(lines.contains(#"took_seconds_bucket{op="x",le="+Inf"} 2"#))
        #expect(lines.contains(#"took_seconds_count{op="x"} 2"#))
        #expect(lines.contains(#"took_seconds_sum{op="x"} 120.002"#))
    }
}
