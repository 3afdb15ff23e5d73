extension StoreError {
    /// `what` of the log at `path` is not as it was written.
    static func damaged(_ path: String, at offset: UInt64, _ what: String) -> StoreError {
        StoreError(
            .corrupt,
            "\(path) is damaged at byte \(offset) (\(what)). Restore it from a backup; or see what a repair would leave out "
                + "with `keyvault repair`, or in code with `FileStore.damage(at:)`.")
    }
}
