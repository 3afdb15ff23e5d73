// swift-tools-version: 6.2
import PackageDescription

// KEYVAULT_ENGINE_ONLY=1 leaves the HTTP targets and their dependencies out, so that the sanitizers, the coverage run and
// anyone who works on the engine never build NIO.
let engineOnly = Context.environment["KEYVAULT_ENGINE_ONLY"] != nil

let package = Package(
    name: "KeyVault",
    products: [
        .library(name: "KeyVault", targets: ["KeyVault"]),
        .library(name: "KeyVaultSQLite", targets: ["KeyVaultSQLite"]),
        .library(name: "KeyVaultStorage", targets: ["KeyVaultStorage"]),
        .library(name: "KeyVaultTesting", targets: ["KeyVaultTesting"]),
        .executable(name: "keyvault", targets: ["keyvault"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        // Floor 0: the system libraries, the cryptography, the bytes.
        .systemLibrary(name: "CKeyVaultSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        .systemLibrary(name: "CKeyVaultSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "CKeyVaultLinux"),
        .target(name: "KeyVaultCrypto", dependencies: ["CKeyVaultSodium", "CKeyVaultLinux"]),
        .target(name: "KeyVaultFormat"),
        // Floor 1: sealed bytes and where they are kept.
        .target(name: "KeyVaultStorage", dependencies: ["KeyVaultFormat", "CKeyVaultLinux"]),
        // Floor 2: the engine, and the stores with a library beneath them.
        .target(
            name: "KeyVaultSQLite",
            dependencies: ["KeyVaultStorage", "KeyVaultFormat", "CKeyVaultSQLite", "CKeyVaultLinux"]),
        .target(
            name: "KeyVault",
            dependencies: [
                "KeyVaultCrypto", "KeyVaultFormat", "KeyVaultStorage", "CKeyVaultLinux",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
            ]),
        .target(name: "KeyVaultTesting", dependencies: ["KeyVaultStorage", "KeyVaultFormat"]),
        // Floor 4: the command line.
        .executableTarget(
            name: "keyvault",
            dependencies: [
                "KeyVault", "KeyVaultSQLite",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        // What several of the tests need.
        .target(name: "TestSupport", path: "Tests/TestSupport"),
        .testTarget(name: "KeyVaultFormatTests", dependencies: ["KeyVaultFormat", "TestSupport"]),
        .testTarget(name: "KeyVaultCryptoTests", dependencies: ["KeyVaultCrypto"]),
        .testTarget(name: "KeyVaultStorageTests", dependencies: ["KeyVaultStorage", "KeyVaultTesting", "TestSupport"]),
        .testTarget(
            name: "KeyVaultSQLiteTests",
            dependencies: [
                "KeyVaultSQLite", "KeyVaultTesting", "CKeyVaultSQLite", "KeyVaultSQLiteProbe", "TestSupport",
            ]),
        // The other process of the tests that need two.
        .executableTarget(
            name: "KeyVaultSQLiteProbe", dependencies: ["KeyVaultSQLite", "KeyVaultStorage", "KeyVaultFormat"],
            path: "Tests/KeyVaultSQLiteProbe"),
        .executableTarget(
            name: "KeyVaultProbe", dependencies: ["KeyVault", "KeyVaultSQLite", "KeyVaultStorage"],
            path: "Tests/KeyVaultProbe"),
        // Compiled and run by a test.
        .target(
            name: "KeyServiceExample", dependencies: ["KeyVault"], path: "Examples/KeyService", exclude: ["service.py"]),
        .testTarget(
            name: "KeyVaultTests",
            dependencies: [
                "KeyVault", "KeyVaultSQLite", "KeyVaultTesting", "KeyServiceExample", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ]),
        .testTarget(
            name: "KeyVaultCLITests",
            dependencies: ["keyvault", "KeyVault", "KeyVaultSQLite", "KeyVaultTesting", "TestSupport"]),
        // What the fuzzers run: compiled here, so that it reaches what is `package`, and replayed by a test.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "KeyVault", "KeyVaultCrypto", "KeyVaultFormat", "KeyVaultSQLite", "KeyVaultStorage", "KeyVaultTesting",
                "CKeyVaultSQLite",
            ],
            path: "Fuzz/Sources/FuzzTargets", exclude: ["HTTP"]),
        .testTarget(name: "FuzzReplayTests", dependencies: ["FuzzTargets"]),
    ],
    swiftLanguageModes: [.v6]
)

if !engineOnly {
    package.products += [
        .library(name: "KeyVaultProviders", targets: ["KeyVaultProviders"]),
        .library(name: "KeyVaultHTTP", targets: ["KeyVaultHTTP"]),
        .executable(name: "keyvault-server", targets: ["keyvault-server"]),
    ]
    package.dependencies += [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    ]
    package.targets += [
        // Floor 3: what speaks HTTP.
        .target(
            name: "KeyVaultProviders",
            dependencies: [
                "KeyVault",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .target(
            name: "KeyVaultHTTP",
            dependencies: [
                "KeyVault", "KeyVaultCrypto", "KeyVaultProviders",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            // In the program itself: a server that is one file finds its page wherever it is started.
            resources: ["index.html", "page.css", "page.js", "icon.svg", "openapi.yaml"].map {
                .embedInCode("Page/Resources/\($0)")
            }),
        // Floor 4: the server.
        .executableTarget(
            name: "keyvault-server",
            dependencies: [
                "KeyVault", "KeyVaultHTTP", "KeyVaultProviders", "KeyVaultSQLite",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]),
        .testTarget(
            name: "KeyVaultProvidersTests",
            dependencies: [
                "KeyVaultProviders", "keyvault", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        // What the load test compares the server with.
        .executableTarget(
            name: "KeyVaultBare",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            path: "Tests/KeyVaultBare"),
        .testTarget(
            name: "KeyVaultHTTPTests",
            dependencies: [
                "KeyVault", "KeyVaultCrypto", "KeyVaultHTTP",
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "Instrumentation", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ]),
    ]
    // The command line asks providers where it can.
    for target in package.targets where target.name == "keyvault" { target.dependencies.append("KeyVaultProviders") }
    // And the fuzzers reach the service.
    for target in package.targets where target.name == "FuzzTargets" {
        target.exclude = []
        target.dependencies += [
            "KeyVaultHTTP",
            .product(name: "AsyncHTTPClient", package: "async-http-client"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
            .product(name: "Hummingbird", package: "hummingbird"),
            .product(name: "Logging", package: "swift-log"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "NIOEmbedded", package: "swift-nio"),
            .product(name: "NIOHTTP1", package: "swift-nio"),
            .product(name: "NIOPosix", package: "swift-nio"),
        ]
    }
}

// The package in Fuzz/ asks for this; nobody else sees it.
if Context.environment["KEYVAULT_FUZZ"] != nil {
    package.products.append(.library(name: "FuzzTargets", targets: ["FuzzTargets"]))
}

for target in package.targets where target.type != .system {
    target.swiftSettings = [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .strictMemorySafety(),
        .treatAllWarnings(as: .error),
    ]
    if !engineOnly, target.name == "keyvault" { target.swiftSettings?.append(.define("LIVE_CHECKS")) }
    if !engineOnly, target.name == "FuzzTargets" { target.swiftSettings?.append(.define("HTTP_SERVICE")) }
}
