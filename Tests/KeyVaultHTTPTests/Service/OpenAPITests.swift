import HTTPTypes
import Hummingbird
import HummingbirdTesting
import KeyVault
import Testing

@testable import KeyVaultHTTP

/// `openapi.yaml` against the routes that there are. What they answer is compared by Tests/HTTP/schema.mjs.
@Suite struct OpenAPITests {
    private static let lines = String(decoding: PackageResources.openapi_yaml, as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)

    /// Such as `GET /health`.
    private static var documented: Set<String> {
        var operations: Set<String> = []
        var path = ""
        for line in lines.drop(while: { $0 != "paths:" }).prefix(while: { $0 != "components:" }) {
            let word = line.prefix { $0 != ":" }
            if word.hasPrefix("  /") { path = String(word.dropFirst(2)) }
            let method = word.dropFirst(4)
            guard word.hasPrefix("    "), !method.isEmpty, !method.hasPrefix(" ") else { continue }
            operations.insert("\(method.uppercased()) \(path)")
        }
        return operations
    }

    @Test func itNamesEveryRouteAndNoOther() async throws {
        let fixture = try await ServiceFixture(account: nil)
        let routes = fixture.router.routes.map { (method: $0.method, path: "\($0.path)") }
        try await fixture.test { client in
            var served: Set<String> = []
            for route in routes {
                let path = route.path.replacing("{provider}", with: "openai")
                let status = try await client.execute(uri: path, method: route.method) { $0.status }
                if status != .methodNotAllowed { served.insert("\(route.method.rawValue) \(route.path)") }
            }
            // HEAD is where GET is, and nowhere else.
            let heads = served.filter { $0.hasPrefix("HEAD ") }
            #expect(Set(heads.map { $0.replacing("HEAD ", with: "GET ") }) == served.filter { $0.hasPrefix("GET ") })
            served.subtract(heads)
            #expect(served == Self.documented)
            #expect(served.count == 10)
        }
    }

    /// A deletion without a label is of all labels.
    @Test func aLabelHasADefaultWhereOneKeyIsMeant() throws {
        let schemas = Self.lines.filter { $0.contains("schemas/Label\"") }
        #expect(schemas.map { $0.contains("default: default") } == [false, true])
        let label = try #require(Self.lines.first { $0.hasPrefix("    Label: { type") })
        #expect(!label.contains("default"))
    }

    @Test func itNamesEveryProviderAndNoOther() throws {
        let names = ProviderRegistry.builtIn.providers.map(\.name)
        let line = try #require(Self.lines.first { $0.contains("enum: [openai, ") })
        let listed = line.split { !$0.isLetter }.map(String.init).dropFirst()
        #expect(Set(listed) == Set(names))
        let fields = try #require(Self.lines.first { $0.contains(")_key$'") })
        for name in names where !Self.lines.contains(where: { $0.contains("\(name)_key: {") }) {
            #expect(fields.split { !$0.isLetter }.contains(Substring(name)), "\(name)_key")
        }
    }
}
