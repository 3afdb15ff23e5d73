import KeyVault

/// Reads a passphrase: from the file that `KEYVAULT_PASSPHRASE_FILE` names, else from the terminal.
enum PassphraseInput {
    /// The passphrase that the vault has.
    static func read() throws -> Secret {
        try readFile() ?? SecretInput.readTyped(prompt: "Passphrase of the vault")
    }

    /// The passphrase of a vault that is being made.
    static func readFirst() throws -> Secret { try readFile() ?? readNew() }

    /// A passphrase that the vault is to have. Typed twice, since nobody sees it.
    static func readNew() throws -> Secret {
        let passphrase = try SecretInput.read(prompt: "New passphrase", isBinary: false)
        if StandardStream.input.isTerminal {
            guard try SecretInput.read(prompt: "The same again", isBinary: false) == passphrase else {
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
            throw Failure(
                .masterKey, error.message, hint: "Let KEYVAULT_PASSPHRASE_FILE name a file that only you can read.")
        }
    }
}
