/// Which release this is.
public enum KeyVaultVersion {
    /// As semantic versioning writes it; what CHANGELOG.md has first.
    public static let current = "0.1.0"
}
