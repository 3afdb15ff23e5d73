/// What a check on write leads to. A key of a wrong shape is refused in any case.
public enum CheckPolicy: String, Hashable, Sendable, CaseIterable, Codable {
    /// No provider is asked.
    case off
    /// A key that its provider refuses is not stored. One of an unknown shape, or whose check came to no end, is, with a
    /// warning.
    case lenient
    /// Only a key of a known shape that its provider has confirmed is stored. A provider without a free check cannot
    /// confirm any. This binds where there is somebody to ask: a key of a provider that the registry does not know is
    /// stored unchecked, and without a ``VaultConfiguration/validator`` the shape alone is checked.
    case strict
}
