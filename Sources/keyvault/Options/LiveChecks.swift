import Foundation
import KeyVault

#if LIVE_CHECKS
    import KeyVaultProviders
#endif

/// Whose keys are known, and who asks providers about them.
enum LiveChecks {
    /// The providers of this release, and those of the document that `$KEYVAULT_PROVIDERS` names.
    static func registry() throws -> ProviderRegistry { try loaded.get() }

    /// Read once: whoever checks a key goes by the same rules as whoever stores it.
    private static let loaded = Result { try load() }

    private static func load() throws -> ProviderRegistry {
        var registry = ProviderRegistry.builtIn
        guard let path = Environment["KEYVAULT_PROVIDERS"] else { return registry }
        guard let document = FileManager.default.contents(atPath: path) else {
            throw Failure(
                .usage, "The document of providers \(path) cannot be read.", hint: "Check KEYVAULT_PROVIDERS.")
        }
        do {
            try registry.add(document: Array(document))
        } catch {
            throw Failure(.usage, "\(path): \(error)", hint: "Correct the document that KEYVAULT_PROVIDERS names.")
        }
        return registry
    }

    static func validator() throws -> any ProviderValidator {
        #if LIVE_CHECKS
            HTTPProviderValidator(configuration: .init(allowedHosts: try registry().addedHosts))
        #else
            throw Failure(
                .other, "This build cannot ask providers.", hint: "Build it without KEYVAULT_ENGINE_ONLY.")
        #endif
    }
}
