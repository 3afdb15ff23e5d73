/// How far a backup is.
public struct BackupProgress: Hashable, Sendable {
    /// The pages that are copied.
    public let pagesCopied: Int
    /// The pages that the copy will have.
    public let pagesInAll: Int
}
