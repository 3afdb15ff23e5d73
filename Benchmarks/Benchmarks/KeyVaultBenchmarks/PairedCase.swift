import Benchmark
import Floor
import Foundation
import Synchronization

/// A case and its floor, measured in turns: whatever else the machine does hits both alike, and the ratio of each turn means
/// something where neither time does.
///
/// The library measures one thing after the other, each on its own; so one of its iterations is a turn of both here, and the
/// times are metrics of ours.
struct PairedCase<Fixture: Sendable>: Sendable {
    enum Comparison: Sendable {
        /// The ratio is that of the times: the lower, the better.
        case time
        /// The ratio is that of the rates: the higher, the better.
        case rate
    }

    /// As in `results/latest.json`.
    let name: String
    /// How many turns.
    var turns = 25
    var comparison = Comparison.time
    let setUp: @Sendable () async throws -> Fixture
    /// Both give nanoseconds an operation.
    let subject: @Sendable (Fixture) async throws -> Double
    let floor: @Sendable (Fixture) async throws -> Double

    /// Makes a benchmark of it.
    func register() {
        let turns = Turns()
        Benchmark(
            name,
            configuration: .init(
                metrics: [.custom("ns"), .custom("floor ns")], warmupIterations: 1, maxDuration: .seconds(30),
                maxIterations: self.turns)
        ) { benchmark, fixture in
            do {
                for _ in benchmark.scaledIterations {
                    let (floor, subject) = (try await floor(fixture), try await subject(fixture))
                    benchmark.measurement(.custom("ns"), Int(subject))
                    benchmark.measurement(.custom("floor ns"), Int(floor))
                    turns.add(subject, floor)
                }
            } catch {
                // The library would tear down and end well, and what was measured so far would look like all.
                fatalError("\(name): \(error)")
            }
        } setup: {
            try await setUp()
        } teardown: {
            try turns.write(name, comparison == .time ? { $0 / $1 } : { $1 / $0 })
        }
    }
}

/// The turns of one case, which end up as a line of the file that `KEYVAULT_BENCHMARK_RESULTS` names.
private final class Turns: Sendable {
    private let turns = Mutex<[(subject: Double, floor: Double)]>([])

    func add(_ subject: Double, _ floor: Double) { turns.withLock { $0.append((subject, floor)) } }

    func write(_ name: String, _ ratio: (Double, Double) -> Double) throws {
        // The first turn warms up.
        let turns = turns.withLock { $0 }.dropFirst()
        guard !turns.isEmpty, let path = ProcessInfo.processInfo.environment["KEYVAULT_BENCHMARK_RESULTS"] else {
            return
        }
        let line = String(
            format: "{\"case\": \"\(name)\", \"ns\": %.1f, \"floor_ns\": %.1f, \"ratio\": %.3f}\n",
            median(turns.map(\.subject)), median(turns.map(\.floor)), median(turns.map { ratio($0.subject, $0.floor) }))
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.seekToEnd()
        try file.write(contentsOf: Data(line.utf8))
        try file.close()
    }

    private func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }
}

/// ``measure(_:_:)`` or ``measureComputing(_:_:)``.
typealias Clock = (Int, () async throws -> Void) async throws -> Double

/// Nanoseconds an operation of `count` that `body` does, by the clock on the wall: for what waits, or runs on several threads.
func measure(_ count: Int, _ body: () async throws -> Void) async rethrows -> Double {
    let start = floor_nanoseconds_on_the_wall()
    try await body()
    return Double(floor_nanoseconds_on_the_wall() - start) / Double(count)
}

/// The same by the time that the processor spent on this process: for what only computes, whatever else the machine does.
func measureComputing(_ count: Int, _ body: () async throws -> Void) async rethrows -> Double {
    let start = floor_nanoseconds_of_process()
    try await body()
    return Double(floor_nanoseconds_of_process() - start) / Double(count)
}
