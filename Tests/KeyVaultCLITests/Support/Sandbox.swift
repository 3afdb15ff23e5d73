import Foundation
import KeyVault
import KeyVaultSQLite
import TestSupport
import Testing

/// A folder of its own, in which the program runs as if nothing else were on the machine. Removed at the end.
final class Sandbox: Sendable {
    static let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "keyvault")

    private let temporary: TemporaryFolder

    init() throws { temporary = try TemporaryFolder() }

    var folder: URL { temporary.url }

    /// A folder with a vault in it.
    static func withVault() throws -> Sandbox {
        let box = try Sandbox()
        try #require(try box.run("init", "--quiet").status == 0)
        return box
    }

    func path(_ name: String) -> String { folder.appending(path: name).path() }

    var masterKeyPath: String { path("config/keyvault/master.key") }

    func environment(_ more: [String: String] = [:]) -> [String: String] {
        [
            "PATH": "/usr/bin:/bin", "HOME": folder.path(), "XDG_CONFIG_HOME": path("config"),
            "SWIFT_BACKTRACE": "enable=no",
        ]
        .merging(more) { $1 }
    }

    /// Runs the program to its end.
    func run(
        _ arguments: String..., input: String = "", environment: [String: String] = [:]
    ) throws -> Outcome {
        try run(arguments, input: input, environment: environment)
    }

    /// Runs the program to its end.
    func run(_ arguments: [String], input: String = "", environment: [String: String] = [:]) throws -> Outcome {
        try run(Self.program, arguments, input: Data(input.utf8), environment: environment)
    }

    /// Runs the program with `redirection` of the shell, such as `<&-`.
    func run(_ arguments: String..., redirection: String) throws -> Outcome {
        try run(
            URL(filePath: "/bin/sh"), ["-c", "exec \"$0\" \"$@\" \(redirection)", Self.program.path()] + arguments,
            input: Data(), environment: [:])
    }

    /// Runs a shell script, which finds the program in `$0`.
    func shell(_ script: String) throws -> Outcome {
        try run(URL(filePath: "/bin/sh"), ["-c", script, Self.program.path()], input: Data(), environment: [:])
    }

    private func run(
        _ program: URL, _ arguments: [String], input: Data, environment: [String: String]
    ) throws -> Outcome {
        // Files rather than pipes: nobody has to read while the program writes.
        let (inputURL, outputURL, errorURL) = (scratch("in"), scratch("out"), scratch("err"))
        defer { for url in [inputURL, outputURL, errorURL] { try? FileManager.default.removeItem(at: url) } }
        for (url, contents) in [(inputURL, input), (outputURL, Data()), (errorURL, Data())] {
            try contents.write(to: url)
        }
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.environment = self.environment(environment)
        process.standardInput = try FileHandle(forReadingFrom: inputURL)
        process.standardOutput = try FileHandle(forWritingTo: outputURL)
        process.standardError = try FileHandle(forWritingTo: errorURL)
        try process.run()
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: try Data(contentsOf: outputURL),
            errors: String(decoding: try Data(contentsOf: errorURL), as: UTF8.self))
    }

    private func scratch(_ kind: String) -> URL {
        folder.appending(path: "\(UUID().uuidString).\(kind)")
    }

    /// Opens the store beneath the program.
    func openStore() async throws -> SQLiteStore { try await SQLiteStore.open(path("keyvault.db")) }

    /// Runs `body` on the vault, opened by the library in this process.
    func withVault<Result>(_ body: (Vault) async throws -> Result) async throws -> Result {
        let vault = try await Vault.open(try await openStore(), keys: MasterKeyFile(masterKeyPath))
        let result = try await body(vault)
        await vault.close()
        return result
    }

    /// Stores a key that the program would not take, since it has expired.
    func putExpired(_ id: String, at date: String) async throws {
        let request = PutRequest(
            try RecordID(id), try Secret("old"), expires: try Date(date, strategy: .iso8601), keepPreviousFor: .zero)
        try await withVault { vault in _ = try await vault.put([request]) }
    }

    /// Flips a bit of the sealed record of `id`, in the last byte where none is named.
    func damage(_ id: RecordID, at offset: Int? = nil) async throws {
        let store = try await openStore()
        let head = try #require(try await store.readHead())
        let row = try #require(try await store.read(id))
        var sealed = row.sealed
        sealed[offset ?? sealed.count - 1] ^= 1
        let commitment = Array(row.sealed[SealedRecord.commitmentRange])
        try await store.write(
            WriteBatch(generation: head.generation, changes: [.rewrap(row.key, sealed: sealed, commitment: commitment)])
        )
        await store.close()
    }
}
