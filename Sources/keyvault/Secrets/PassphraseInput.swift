import KeyVault

/// Reads a passphrase: from the file that `KEYVAULT_PASSPHRASE_FILE` names, else from the terminal.
enum PassphraseInput {
    /// The passphrase that the vault has.
    static func read() throws -> Secret {
        try readFile() ?? SecretInput.readTyped(.passphrase, prompt: "Passphrase of the vault")
    }

    /// The passphrase of a vault that is being made.
    static func readFirst() throws -> Secret {
        guard let passphrase = try readFile() else { return try readNew() }
        // At once: the engine would, but only when a store has been made, or the same was typed twice.
        try PassphraseSource.checkLength(passphrase)
        return passphrase
    }

    /// A passphrase that the vault is to have. Typed twice, since nobody sees it.
    static func readNew() throws -> Secret {
        let passphrase = try SecretInput.read(.passphrase, prompt: "New passphrase")
        try PassphraseSource.checkLength(passphrase)
        if StandardStream.input.isTerminal {
            guard try SecretInput.read(.passphrase, prompt: "The same again") == passphrase else {
                throw Failure(.refused, "The two passphrases differ.", hint: "Try again.")
            }
        }
        return passphrase
    }

    private static func readFile() throws -> Secret? {
        guard let path = Environment["KEYVAULT_PASSPHRASE_FILE"] else { return nil }
        do {
            return try Secret(contentsOfFile: path)
        } catch {
            let message = error.code == .emptySecret ? "The passphrase in \(path) is empty." : error.message
            throw Failure(
                .masterKey, message, hint: "Let KEYVAULT_PASSPHRASE_FILE name a file that only you can read.")
        }
    }
}
