import ArgumentParser
import KeyVault

/// `keyvault import`
struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Store many keys from JSON lines.",
        discussion: """
            Each line is {"tenant": "…", "provider": "…", "label": "…", "secret": "…"}; the label is optional. Up to 256 \
            lines are stored at a time, all of them or none, and what standard error reports as stored is on the disk. An \
            import that was broken off may simply be run again: what is there already is replaced by the same key. As with \
            'put', that enables a key that was disabled meanwhile, and drops an expiry that was set.
            """)

    private static let nothing = "There was nothing to import."

    @Argument(help: ArgumentHelp("A file; standard input by default.", valueName: "FILE"), completion: .file())
    var file: String?

    @Flag(name: .customLong("dry-run"), help: "Check every line and store nothing.")
    var isDryRun = false

    @Flag(
        name: .customLong("allow-binary"),
        help: ArgumentHelp(
            "Take secrets with line breaks and NUL bytes: for providers without rules. Keys of known providers are trimmed and "
                + "checked as ever."))
    var allowsBinary = false

    @OptionGroup var options: GlobalOptions

    func run() async throws {
        var reader = ImportReader(try ImportInput(path: file), isBinary: allowsBinary)
        // In a dry run too: it shows whether the vault would open.
        try await options.withVault { vault in
            if isDryRun {
                try check(&reader, in: vault)
            } else {
                try await store(&reader, in: vault)
            }
        }
    }

    private func check(_ reader: inout ImportReader, in vault: Vault) throws {
        var (count, failed) = (0, 0)
        while true {
            do {
                guard try next(&reader, vault) != nil else { break }
                count += 1
            } catch let failure as Failure {
                failed += 1
                try StandardStream.error.write(failure.message.onOneLine + "\n")
            }
        }
        guard failed == 0 else {
            throw Failure(
                .other, "\(failed) of \(count + failed) lines cannot be imported.", hint: "Mend them, and try again.")
        }
        try options.console.say(count == 0 ? Self.nothing : "\(count.keys) could be imported. Nothing was stored.")
    }

    /// The next key, if the rules let it in.
    private func next(_ reader: inout ImportReader, _ vault: Vault) throws -> ImportLine? {
        guard let line = try reader.next() else { return nil }
        do throws(VaultError) {
            _ = try vault.checkFormat(of: PutRequest(line.id, line.secret))
        } catch {
            throw Failure(error).at(line: line.number)
        }
        return line
    }

    private func store(_ reader: inout ImportReader, in vault: Vault) async throws {
        var (count, lastStored) = (0, 0)
        do {
            var batch = ImportBatch()
            while let line = try next(&reader, vault) {
                if !batch.takes(line) {
                    (count, lastStored) = try await store(batch, in: vault, behind: count)
                    batch = ImportBatch()
                }
                batch.append(line)
            }
            (count, lastStored) = try await store(batch, in: vault, behind: count)
        } catch {
            let failure = Failure(error)
            // Whether what the disk has failed with is there, nobody knows.
            let cause = ((error as? VaultError)?.cause as? StoreError)?.code
            let mayBeStored = cause == .io || cause == .full
            let state =
                lastStored > 0
                ? "Lines 1 to \(lastStored) are stored; go on with 'tail -n +\(lastStored + 1)'."
                : mayBeStored ? "Lines may be stored; run the import again." : "Nothing was stored."
            options.console.endProgress()
            throw Failure(failure.status, failure.message, hint: "\(failure.hint) \(state)")
        }
        options.console.endProgress()
        try options.console.say(count == 0 ? Self.nothing : "Imported \(count.keys).")
    }

    /// - Returns: how many keys are stored now, and the line of the last.
    private func store(
        _ batch: ImportBatch, in vault: Vault, behind count: Int
    ) async throws -> (count: Int, lastLine: Int) {
        guard let last = batch.lines.last else { return (count, 0) }
        try await vault.put(batch.lines.map { PutRequest($0.id, $0.secret) })
        options.console.milestone("stored \((count + batch.lines.count).keys) (lines 1 to \(last.number))")
        return (count + batch.lines.count, last.number)
    }
}
