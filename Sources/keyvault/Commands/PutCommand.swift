import ArgumentParser
import Foundation
import KeyVault

/// `keyvault put`
struct PutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "put",
        abstract: "Store a key, or replace it.",
        discussion:
            "The key is asked for on a terminal, and else read from standard input; it never stands on the command line."
    )

    @Argument(help: "Which key: TENANT/PROVIDER or TENANT/PROVIDER/LABEL.")
    var reference: RecordID

    @Option(
        name: .customLong("if-revision"),
        help: ArgumentHelp("Store only if this revision is there now; 0 for none.", valueName: "N"))
    var expectedRevision: UInt64?

    @Flag(
        name: .customLong("allow-binary"),
        help: ArgumentHelp(
            "Take all bytes of standard input, line breaks and NUL bytes included: for providers without rules. Keys of known "
                + "providers are trimmed and checked as ever."))
    var allowsBinary = false

    @Option(help: "From when on the key is not served: 2027-01-31 or 2027-01-31T12:00:00Z. Default: never.")
    var expires: Date?

    @Option(
        name: .customLong("keep-previous"),
        help: "How long the replaced key can still be read, such as 90s, 30m, 12h or 7d. Default: not at all.")
    var keepPrevious: Duration?

    @Flag(help: "Ask the provider first whether the key is live; a refused key is not stored.")
    var validate = false

    @Flag(help: "Store only a key of a known shape, and with --validate only one that its provider confirms.")
    var strict = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        let validator = validate ? try LiveChecks.validator() : nil
        // The engine stores keys of such providers unchecked, which is not what was asked for.
        if strict || validate, try LiveChecks.registry()[reference.provider] == nil {
            throw Failure(
                .rejected, "The provider of \(reference) is not known, and its keys cannot be checked.",
                hint: "See 'keyvault providers', or leave out \(strict ? "--strict" : "--validate").")
        }
        try await options.withVault(asking: validator, checks: strict ? .strict : .lenient) { vault in
            let secret = try SecretInput.read(.key, prompt: "Key for \(reference)", isBinary: allowsBinary)
            let request = PutRequest(
                reference, secret, expectedRevision: expectedRevision, expires: expires, keepPreviousFor: keepPrevious)
            guard let stored = try await vault.put([request]).first else { return }
            for warning in stored.warnings { options.console.warn("\(warning)") }
            let hint = stored.metadata.hint.map { ", \($0)" } ?? ""
            try options.console.say("Stored \(reference) (revision \(stored.revision)\(hint)).")
        }
    }
}
