/// What a secret is to be, and so what errors call it and advise.
enum SecretKind: String, CustomStringConvertible {
    /// A provider's key.
    case key = "secret"
    case passphrase

    var description: String { rawValue }

    /// That there is none.
    var emptiness: Failure {
        Failure(.refused, "The \(self) is empty.", hint: "Give the \(name) itself.")
    }

    /// What to do about one that is too long.
    var hintOfLength: String { "Is it really a \(name)?" }

    /// What to do about one that is no line of text.
    var hintOfBinary: String {
        let question = "Is it the right file?"
        return self == .key ? "\(question) If the secret is meant to be like that, use --allow-binary." : question
    }

    private var name: String { self == .key ? "key" : "passphrase" }
}
