/// A model that no rule gives to a provider.
public struct UnknownModelError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The patterns that are known.
    public let patterns: [String]

    public var description: String {
        "No provider is known for this model. Known are: \(patterns.joined(separator: ", ")). "
            + "Write VENDOR/MODEL for a model of OpenRouter, or add a rule."
    }
}
