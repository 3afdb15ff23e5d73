// swift-tools-version: 6.2
import PackageDescription

// libFuzzer around the targets in Sources/FuzzTargets, which the parent compiles. Built by scripts/fuzz-build.
let package = Package(
    name: "Fuzz",
    dependencies: [.package(name: "KeyVault", path: "..")],
    targets: [
        .systemLibrary(name: "CFuzzer"),
        .executableTarget(
            name: "fuzz", dependencies: ["CFuzzer", .product(name: "FuzzTargets", package: "KeyVault")],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
                .strictMemorySafety(),
                .treatAllWarnings(as: .error),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
