import Foundation
import KeyVault
import KeyVaultFormat

/// A document of provider rules: a registry that says the same when it is written down and read again, or an error that
/// names one of its lines.
struct ProvidersTarget: FuzzTarget {
    let name = "providers"

    var seeds: [[UInt8]] {
        get throws {
            let builtIn = ProviderRegistry.builtIn
            let documents = builtIn.providers.prefix(6).map { Document(providers: [$0], models: []) }
            return try (documents + [Document(providers: [], models: builtIn.models)])
                .map { Array(try JSONEncoder().encode($0)) }
        }
    }

    private struct Document: Encodable {
        let providers: [Provider]
        let models: [ModelRoute]
    }

    func run(_ input: [UInt8]) throws {
        var registry = ProviderRegistry()
        do throws(ProviderDocumentError) {
            try registry.add(document: input)
        } catch {
            let lines = 1 + input.count { $0 == UInt8(ascii: "\n") }
            try Finding.require((1...lines).contains(error.line), "line \(error.line) of \(lines)")
            try Finding.require(!error.reason.isEmpty, "an error without a reason")
            return
        }
        let written = try JSONEncoder().encode(Document(providers: registry.providers, models: registry.models))
        var again = ProviderRegistry()
        try again.add(document: Array(written))
        try Finding.require(again.providers == registry.providers, "other providers")
        try Finding.require(again.models == registry.models, "other models")

        for provider in registry.providers.prefix(4) {
            for format in provider.formats.prefix(4) {
                let body = [UInt8](repeating: UInt8(ascii: "A"), count: min(format.length.lowerBound, 200))
                let key = Array(format.prefix.utf8) + body + Array((format.suffix ?? "").utf8)
                let match = registry.match(key.span, of: provider)
                try Finding.require(match == again.match(key.span, of: provider), "another verdict")
            }
        }
    }
}
