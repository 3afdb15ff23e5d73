import Benchmark
import Foundation

let benchmarks: @Sendable () -> Void = {
    let full = ProcessInfo.processInfo.environment["KEYVAULT_BENCHMARK_FULL"] != nil
    HitCases.register(full: full)
    ReadCases.register(full: full)
    WriteCases.register(full: full)
    if full { SizeCases.register() }
}
