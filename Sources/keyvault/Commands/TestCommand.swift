import ArgumentParser
import Foundation
import KeyVault

/// `keyvault test`
struct TestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Ask providers whether keys are live.",
        discussion: """
            One free, read-only request for each key. The answer is kept with the key; a refused key is disabled, and one \
            that is live again is enabled. Exits with 4 where a key was refused, else with 5 where a check came to no end; \
            with --all, keys that cannot be checked at all do not count.
            """)

    @Argument(help: "Which key: TENANT/PROVIDER or TENANT/PROVIDER/LABEL.")
    var reference: RecordID?

    @Flag(help: "Test every key.")
    var all = false

    @Flag(help: "Print JSON: an object, or with --all an array.")
    var json = false

    @OptionGroup var options: GlobalOptions

    func validate() throws {
        guard all == (reference == nil) else { throw ValidationError("Name a key, or say --all.") }
    }

    func run() async throws {
        let validator = try LiveChecks.validator()
        let worst: TestedKey? = try await options.withVault { vault in
            if let reference {
                let validation = try await vault.revalidate(reference, with: validator)
                let tested = TestedKey(id: reference, validation: validation)
                if json { try options.console.result(json: tested) } else { try options.console.result(tested.line) }
                return tested
            }
            return try await testAll(of: vault, with: validator)
        }
        if let worst { try worst.check() }
    }

    /// The worst of all: a refused key before one of which nothing was found out.
    private func testAll(of vault: Vault, with validator: any ProviderValidator) async throws -> TestedKey? {
        let tested = TestedKeys()
        let bar = try await ProgressBar(options.console, vault: vault)
        var failure: (any Error)?
        do {
            try await vault.revalidate(with: validator) { result, progress in
                await tested.add(TestedKey(id: result.id, validation: result.validation))
                bar.show(progress.seen)
            }
        } catch { failure = error }
        bar.end()
        let keys = await tested.keys.sorted { $0.id < $1.id }
        if json {
            try options.console.result(json: keys)
        } else {
            for key in keys { try options.console.result(key.line) }
        }
        // What was found out before is not lost with it.
        if let failure { throw failure }
        return keys.first { $0.status == .rejected } ?? keys.first { $0.isUnfinished }
    }
}

/// Collects results as they come.
private actor TestedKeys {
    private(set) var keys: [TestedKey] = []

    func add(_ key: TestedKey) { keys.append(key) }
}

/// A key and what its provider said.
private struct TestedKey: Encodable, Sendable {
    let id: RecordID
    /// `nil` where the key could not be tested.
    let validation: Validation?

    var verdict: Verdict { validation?.verdict ?? .unverified }
    var reason: String { validation?.reason ?? "The key could not be tested: no rules are known, or it does not open." }
    var line: String { "\(id): \(verdict.name). \(reason)" }

    /// Whether a later check may find out more: a key that cannot be checked at all is no failure of a run over all keys.
    var isUnfinished: Bool { verdict == .unreachable || verdict == .rateLimited }

    /// `nil` for a live key.
    var status: ExitStatus? { verdict.isLive ? nil : verdict == .invalid ? .rejected : .inconclusive }

    func check() throws {
        switch status {
        case nil: return
        case .rejected?:
            throw Failure(.rejected, "The key \(id) was refused. \(reason)", hint: "Put a new key.")
        case let status?:
            throw Failure(
                status, "The key \(id) could not be verified. \(reason)",
                hint: isUnfinished ? "Try again later." : "See 'keyvault providers'.")
        }
    }

    private enum Member: String, CodingKey {
        case tenant, provider, label, verdict, reason, tested
    }

    func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Member.self)
        try object.encode(id.tenant, forKey: .tenant)
        try object.encode(id.provider, forKey: .provider)
        try object.encode(id.label, forKey: .label)
        try object.encode(verdict.name, forKey: .verdict)
        try object.encode(reason, forKey: .reason)
        try object.encode(validation?.time.inUTC, forKey: .tested)
    }
}
