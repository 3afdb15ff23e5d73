import Foundation
import KeyVaultFormat

/// A JSON document that adds providers and models to a registry.
///
/// ```json
/// {
///   "providers": [{
///     "name": "acme", "displayName": "Acme",
///     "formats": [{"prefix": "acme_", "characters": "A-Za-z0-9", "minimum": 40, "maximum": 60}],
///     "check": {"base": "https://api.acme.example", "path": "/v1/models", "statuses": {"403": "restricted"}}
///   }],
///   "models": [{"pattern": "acme-*", "provider": "acme"}]
/// }
/// ```
///
/// Every member that is not known is refused: a misspelt rule must not silently be none.
struct ProviderDocument: Decodable {
    var providers: [Provider]
    var models: [ModelRoute]

    init(from decoder: any Decoder) throws {
        let members = try decoder.members(["providers", "models"])
        providers = try members.decodeIfPresent([Provider].self, forKey: "providers") ?? []
        models = try members.decodeIfPresent([ModelRoute].self, forKey: "models") ?? []
    }
}

/// Why a document of providers was refused. Nothing of it was added.
public struct ProviderDocumentError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line that is wrong, from 1.
    public let line: Int
    /// What is wrong with it.
    public let reason: String

    public var description: String { "Line \(line): \(reason)" }
}

extension ProviderRegistry {
    /// Adds the providers and models of a JSON document, or none of them.
    ///
    /// - Throws: ``ProviderDocumentError``, which names the line.
    public mutating func add(document: [UInt8]) throws(ProviderDocumentError) {
        let read: ProviderDocument
        do {
            read = try JSONDecoder().decode(ProviderDocument.self, from: Data(document))
        } catch {
            throw ProviderDocumentError(error, in: document)
        }
        read.providers.forEach { add($0) }
        read.models.forEach { add($0) }
    }
}

extension ProviderDocumentError {
    fileprivate init(_ error: any Error, in document: [UInt8]) {
        let text = JSONText(document)
        switch error as? DecodingError {
        case .keyNotFound(let key, let context):
            self.init(line: text.line(of: context.codingPath), reason: "\"\(key.stringValue)\" is missing.")
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            let name = context.codingPath.last?.stringValue ?? "document"
            self.init(line: text.line(of: context.codingPath), reason: "\"\(name)\" is not \(Self.name(of: type)).")
        case .dataCorrupted(let context) where !context.codingPath.isEmpty:
            self.init(line: text.line(of: context.codingPath), reason: context.debugDescription)
        default:
            self.init(line: text.lineOfSyntaxError, reason: "This is not JSON.")
        }
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Int.Type: "a whole number"
        case is [String: Any].Type: "an object"
        case is [Any].Type: "an array"
        default: "of the right type"
        }
    }
}
