import Foundation
import TestSupport
import Testing

/// `keyvault test` and `keyvault put --validate`, against a provider of the test's own on loopback.
@Suite struct CommandLineTests {
    /// A folder with a vault and a document that adds a provider.
    private final class Sandbox: Sendable {
        let folder: TemporaryFolder

        init(base: String) throws {
            folder = try TemporaryFolder()
            let document = """
                {"providers": [{
                  "name": "mine", "displayName": "Mine", "formats": [{"prefix": "mine_", "minimum": 4, "maximum": 20}],
                  "check": {"base": "\(base)", "path": "/v1/me"}
                }]}
                """
            try folder.write(Array(document.utf8), to: "providers.json")
        }

        func run(_ arguments: String..., input: String = "") throws -> (status: Int32, output: Data, errors: String) {
            let process = Process()
            process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
                .deletingLastPathComponent().appending(path: "keyvault")
            process.currentDirectoryURL = folder.url
            process.arguments = arguments
            process.environment = [
                "HOME": folder.path, "PATH": "/usr/bin:/bin", "SWIFT_BACKTRACE": "enable=no",
                "KEYVAULT_PROVIDERS": folder.file("providers.json"),
            ]
            let (given, output, errors) = (Pipe(), Pipe(), Pipe())
            (process.standardInput, process.standardOutput, process.standardError) = (given, output, errors)
            try process.run()
            try given.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try given.fileHandleForWriting.close()
            let text = try output.fileHandleForReading.readToEnd() ?? Data()
            let complaint = try errors.fileHandleForReading.readToEnd() ?? Data()
            process.waitUntilExit()
            return (process.terminationStatus, text, String(decoding: complaint, as: UTF8.self))
        }
    }

    /// A provider that goes by the key's name.
    private func server() async throws -> LoopbackServer {
        try await LoopbackServer { request, _ in
            let status = request.contains("mine_good") ? 200 : request.contains("mine_dead") ? 401 : 503
            return .send(HTTPProviderValidatorTests.answer(status))
        }
    }

    @Test func puttingAsksFirst() async throws {
        let server = try await server()
        let box = try Sandbox(base: server.base())
        #expect(try box.run("init").status == 0)
        #expect(try box.run("put", "acme/mine", "--validate", input: "mine_good").errors == "")
        let shown = try box.run("show", "acme/mine", "--json")
        let object = try JSONSerialization.jsonObject(with: shown.output) as? [String: Any]
        #expect(object?["verdict"] as? String == "valid" && object?["lastValidated"] is String)

        let refused = try box.run("put", "acme/mine", "--validate", input: "mine_dead")
        #expect(refused.status == 4 && refused.errors.contains("refuses the key"), "\(refused.errors)")
        #expect(!refused.errors.contains("mine_dead"))
        #expect(try box.run("reveal", "acme/mine").output == Data("mine_good".utf8))

        let unsure = try box.run("put", "acme/mine", "--validate", input: "mine_unknown")
        #expect(
            unsure.status == 0 && unsure.errors.contains("warning: The key was stored without having been verified"))
        let count = server.seen.requests.count
        #expect(try box.run("put", "acme/mine", input: "mine_dead").status == 0)
        #expect(server.seen.requests.count == count)
        try await server.stop()
    }

    /// Where keys are checked says the document, whose writer may well mean a host inside.
    @Test func aHostOfTheDocumentMayBeInside() async throws {
        let box = try Sandbox(base: "https://0.0.0.0:1")
        #expect(try box.run("init").status == 0)
        #expect(try box.run("put", "acme/mine", input: "mine_good").status == 0)
        let tested = try box.run("test", "acme/mine")
        let answer = String(decoding: tested.output, as: UTF8.self) + tested.errors
        #expect(tested.status == 5 && answer.contains("could not be reached"), "\(answer)")
    }

    @Test func whatCannotBeAskedAboutIsNotStored() async throws {
        let box = try Sandbox(base: "http://127.0.0.1:1")
        #expect(try box.run("init").status == 0)
        let refused = try box.run("put", "acme/mnie", "--validate")
        #expect(refused.status == 4 && refused.errors.contains("leave out --validate"), "\(refused.errors)")
    }

    @Test func testingMarksWhatIsStored() async throws {
        let server = try await server()
        let box = try Sandbox(base: server.base())
        #expect(try box.run("init").status == 0)
        for (tenant, key) in [("a", "mine_good"), ("b", "mine_dead"), ("c", "mine_unknown")] {
            #expect(try box.run("put", "\(tenant)/mine", input: key).status == 0)
        }
        #expect(try box.run("test", "a/mine").status == 0)
        let dead = try box.run("test", "b/mine", "--json")
        #expect(dead.status == 4)
        let object = try JSONSerialization.jsonObject(with: dead.output) as? [String: Any]
        #expect(object?["verdict"] as? String == "invalid" && object?["tenant"] as? String == "b")
        #expect(try box.run("reveal", "b/mine").status == 10)
        #expect(try box.run("test", "c/mine").status == 5)
        #expect(try box.run("test", "d/mine").status == 3)
        #expect(try box.run("test").status == 64)

        let all = try box.run("test", "--all", "--json")
        #expect(all.status == 4)
        let array = try JSONSerialization.jsonObject(with: all.output) as? [[String: Any]]
        #expect(array?.map { $0["verdict"] as? String } == ["valid", "invalid", "unreachable"])
        #expect(try box.run("delete", "b/mine").status == 0)
        #expect(try box.run("test", "--all").status == 5)
        try await server.stop()
    }

    @Test func aBadDocumentIsRefusedWithItsLine() async throws {
        let box = try Sandbox(base: "http://127.0.0.1:1")
        try box.folder.write(Array("{\n\"providers\": 7}".utf8), to: "providers.json")
        let refused = try box.run("providers")
        #expect(refused.status == 64 && refused.errors.contains("Line 2: \"providers\" is not an array."))
    }
}
