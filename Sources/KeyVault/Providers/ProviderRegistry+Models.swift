extension ProviderRegistry {
    /// The provider that serves other providers' models under `PROVIDER/MODEL`.
    package static let broker = "openrouter"

    /// The front of a composite name, `stratus-FAMILY-SIZE-MODEL`: the model behind it is the one that is asked for.
    private static let compositePrefix = "stratus-"
    private static let compositeParts = 2
    /// No provider names a model with more bytes. A composite name is tried behind each of its dashes, so that its cost grows
    /// with the square of its length: a request could keep a processor busy for hours.
    private static let longestName = 512

    /// Whose model `name` is.
    ///
    /// A composite name, `stratus-FAMILY-SIZE-MODEL`, stands for the model at its end: `stratus-x1ac-small-gpt-4o` is `gpt-4o`.
    ///
    /// - Throws: ``UnknownModelError`` for a name that no rule fits, and for one of more than 512 bytes.
    public func target(ofModel name: String) throws(UnknownModelError) -> ModelTarget {
        guard name.utf8.count <= Self.longestName else { throw UnknownModelError(patterns: models.map(\.pattern)) }
        let inner = name.hasPrefix(Self.compositePrefix) ? name.dropFirst(Self.compositePrefix.count) : nil
        if let found = inner.map(targetOfComposite) ?? target(exactly: name[...]) { return found }
        throw UnknownModelError(patterns: models.map(\.pattern))
    }

    private func target(exactly name: Substring) -> ModelTarget? {
        let bytes = Array(name.utf8)
        let route = models.last { $0.matcher.matches(bytes.span) }
        return route.map { ModelTarget(provider: $0.provider, model: String(name)) }
    }

    /// The part in front of the model has as many dashes as it likes (`x1ac-small-gpt-4o`), and so has the model: the longest
    /// end that a rule knows is the model. `VENDOR/MODEL` fits behind any dash, so there the front is taken to have its two
    /// usual parts.
    private func targetOfComposite(_ name: Substring) -> ModelTarget? {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        if name.contains("/") {
            guard parts.count > Self.compositeParts else { return nil }
            return target(exactly: name[parts[Self.compositeParts].startIndex...])
        }
        for part in parts {
            if let found = target(exactly: name[part.startIndex...]) { return found }
        }
        return nil
    }
}
