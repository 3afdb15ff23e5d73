import KeyVault

/// One key to be imported.
struct ImportLine {
    /// Its line, from 1.
    let number: Int
    let id: RecordID
    let secret: Secret
    /// The secret's length, in bytes.
    let length: Int
}
