/// Who issues keys: the shapes that they have, and how to ask whether one is live.
///
/// A provider is a value and its rules are data. ``ProviderRegistry/builtIn`` knows the common ones; anybody can add or
/// replace one, in code or with a JSON document, without waiting for a release. A key of a provider that no registry knows is
/// stored unchecked.
public struct Provider: Hashable, Sendable {
    /// The name under which records are kept, such as `openai`.
    public var name: String
    /// What people call it, such as `OpenAI`.
    public var displayName: String
    /// The shapes of its keys.
    public var formats: [KeyFormat]
    /// Where not empty, every key begins with one of these, whatever follows; a key that does not is refused.
    public var requiredPrefixes: [String]
    /// Keys that begin with one of these can create other keys and are refused.
    public var administrativePrefixes: [String]
    /// How to ask whether a key is live; `nil` where the provider has no free request that tells.
    public var check: LiveCheck?

    public init(
        name: String, displayName: String, formats: [KeyFormat] = [], requiredPrefixes: [String] = [],
        administrativePrefixes: [String] = [], check: LiveCheck? = nil
    ) {
        self.name = name
        self.displayName = displayName
        self.formats = formats
        self.requiredPrefixes = requiredPrefixes
        self.administrativePrefixes = administrativePrefixes
        self.check = check
    }
}
