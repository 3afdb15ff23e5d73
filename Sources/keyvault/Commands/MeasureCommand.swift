import ArgumentParser
import Foundation
import KeyVault

/// `keyvault measure`
struct MeasureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "measure", abstract: "Measure how long it takes to decrypt a key, here and now.")

    private static let reads = 100_000

    @Argument(help: "Which key: TENANT/PROVIDER or TENANT/PROVIDER/LABEL.")
    var reference: RecordID

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        try await options.withVault { vault in
            let first = try await time(vault)
            var times: [Duration] = []
            times.reserveCapacity(Self.reads)
            for _ in 0..<Self.reads { times.append(try await time(vault)) }
            times.sort()
            try options.console.result(
                """
                Decrypted \(reference) \(Self.reads) times from the cache, where it lies sealed: \
                median \(text(times[Self.reads / 2])), 99th percentile \(text(times[Self.reads * 99 / 100])).
                The first time, from the store: \(text(first)).
                """)
        }
    }

    private func time(_ vault: Vault) async throws -> Duration {
        let start = ContinuousClock.now
        _ = try await vault.withSecret(reference) { $0.byteCount }
        return start.duration(to: .now)
    }

    private func text(_ duration: Duration) -> String {
        String(format: "%.1f µs", duration / .microseconds(1))
    }
}
