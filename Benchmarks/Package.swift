// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that what it depends on never reaches those who use KeyVault.
let package = Package(
    name: "KeyVaultBenchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "KeyVault", path: ".."),
        // Without traits: it would count allocations by jemalloc, which we do by a malloc of our own.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        // The same work in C, with the same libraries.
        .target(name: "Floor", linkerSettings: [.linkedLibrary("sodium"), .linkedLibrary("sqlite3")]),
        // A malloc that counts.
        .target(name: "Allocations"),
        // One hit after the other and nothing else, to count its instructions and its allocations.
        .executableTarget(
            name: "HitLoop", dependencies: ["Allocations", "Floor", .product(name: "KeyVault", package: "KeyVault")]),
        .executableTarget(
            name: "KeyVaultBenchmarks",
            dependencies: [
                "Floor",
                .product(name: "KeyVault", package: "KeyVault"),
                .product(name: "KeyVaultSQLite", package: "KeyVault"),
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Benchmarks/KeyVaultBenchmarks",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
    ],
    swiftLanguageModes: [.v6]
)
