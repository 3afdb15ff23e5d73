import Glibc
import KeyVault

/// Reads a secret into guarded memory: typed without an echo on a terminal, else all of standard input.
enum SecretInput {
    /// What a terminal hands over of one line; the rest of a longer one is lost.
    private static let longestTerminalLine = 4095

    /// - Parameters:
    ///   - prompt: what a person is asked for.
    ///   - isBinary: whether any bytes are taken, as they are. Otherwise one line break at the end is dropped, and others and
    ///     NUL bytes are refused: they are never part of an API key, and come from a wrong file.
    static func read(_ kind: SecretKind, prompt: String, isBinary: Bool = false) throws -> Secret {
        guard !StandardStream.input.isTerminal else {
            return try readTyped(kind, prompt: prompt, from: StandardStream.input.rawValue)
        }
        // Room for a line break at the end, and for one byte that is too many.
        var buffer = try SecretBuffer(capacity: Secret.maximumLength + 3)
        while try buffer.read(from: StandardStream.input.rawValue) > 0 {}
        return try secret(kind, &buffer, isBinary: isBinary)
    }

    /// Asks for a secret at the terminal, also when standard input is something else.
    static func readTyped(_ kind: SecretKind, prompt: String) throws -> Secret {
        let terminal = unsafe open("/dev/tty", O_RDWR | O_CLOEXEC)
        guard terminal >= 0 else {
            throw Failure(
                .refused, "There is no terminal to ask at: \(prompt.lowercased()).",
                hint: "Let KEYVAULT_PASSPHRASE_FILE name a file that holds it.")
        }
        defer { close(terminal) }
        return try readTyped(kind, prompt: prompt, from: terminal)
    }

    private static func readTyped(_ kind: SecretKind, prompt: String, from terminal: Int32) throws -> Secret {
        var buffer = try SecretBuffer()
        try TerminalEcho.withoutEcho(on: terminal) {
            try StandardStream.error.write("\(prompt.onOneLine): ")
            // A terminal gives one line at a time.
            _ = try buffer.read(from: terminal)
        }
        try StandardStream.error.write("\n")
        guard buffer.count < longestTerminalLine else {
            throw Failure(
                .refused, "A terminal takes no more than \(longestTerminalLine) bytes in a line; the rest was lost.",
                hint: "Pipe the secret in instead.")
        }
        return try secret(kind, &buffer, isBinary: false)
    }

    private static func secret(_ kind: SecretKind, _ buffer: inout SecretBuffer, isBinary: Bool) throws -> Secret {
        if !isBinary { buffer.removeLineBreak() }
        return try buffer.withSpan { bytes in
            guard bytes.count > 0 else { throw kind.emptiness }
            guard bytes.count <= Secret.maximumLength else {
                throw Failure(
                    .refused, "The \(kind) is longer than \(Secret.maximumLength) bytes.", hint: kind.hintOfLength)
            }
            if !isBinary { try refuseBinary(kind, bytes) }
            return try Secret(copying: bytes)
        }
    }

    /// Refuses what is no line of text.
    static func refuseBinary(_ kind: SecretKind, _ secret: Span<UInt8>) throws(Failure) {
        for index in secret.indices where [0x00, 0x0A, 0x0D].contains(secret[index]) {
            throw Failure(
                .refused, "The \(kind) holds \(secret[index] == 0 ? "a NUL byte" : "a line break").",
                hint: kind.hintOfBinary)
        }
    }
}
