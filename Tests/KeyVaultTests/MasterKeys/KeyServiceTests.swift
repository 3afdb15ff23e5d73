import Foundation
import KeyServiceExample
import KeyVault
import TestSupport
import Testing

/// The example of a source of one's own, against a real server on loopback.
@Suite(.enabled(if: Python.isThere, Python.notice)) final class KeyServiceTests {
    private let process = Process()
    private let folder: TemporaryFolder
    private let port: UInt16
    private let service: KeyService

    init() throws {
        folder = try TemporaryFolder()
        try folder.write(Array("let me in\n".utf8), to: "token")
        let output = Pipe()
        process.executableURL = URL(filePath: try #require(Python.interpreter))
        process.arguments = ["-B", Self.script, folder.file("token")]
        process.standardOutput = output
        try process.run()
        let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
        port = try #require(UInt16(line.trimmingCharacters(in: .newlines)))
        service = KeyService(port: port, token: "let me in", patience: .seconds(3_600))
    }

    deinit {
        // A thread of the tests blocks SIGTERM, and a child inherits that.
        kill(process.processIdentifier, SIGKILL)
    }

    private static var script: String {
        var root = URL(filePath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        return root.appending(path: "Examples/KeyService/service.py").path
    }

    @Test func aVaultOpensByAServiceAndFollowsARotation() async throws {
        let store = MemoryStore()
        let first = try await service.makeKey()
        _ = try await Vault.create(in: store, masterKey: first)
        let vault = try await Vault.open(store, keys: service)
        let id = try RecordID(tenant: "acme", provider: "example")
        try await vault.put(Secret("secret"), for: id)

        // Another process: it holds the first key alone, and asks for the second one when it meets it.
        let other = try await Vault.open(store, keys: service)
        let second = try await service.makeKey()
        let report = try await vault.rotateMasterKey(to: second)
        #expect(report.retired == first.ids)
        try await other.put(Secret("another secret"), for: id)
        #expect(try await other.withSecret(id) { $0.byteCount } == 14)
        #expect(try await Vault.open(store, keys: service).verify().records == 1)
    }

    @Test func aServiceThatGivesNoKeyIsATypedErrorThatSaysSo() async throws {
        let store = MemoryStore()
        _ = try await Vault.create(in: store, masterKey: try await service.makeKey())
        for bad in [KeyService(port: port, token: "let me in, please"), KeyService(port: 1, token: "let me in")] {
            let error = await #expect(throws: VaultError.self) { try await Vault.open(store, keys: bad) }
            #expect(error?.code == .missingMasterKey)
            #expect(error?.message.contains("key service") == true)
            #expect(error?.message.contains("let me in") == false)
        }
        let elsewhere = MemoryStore()
        _ = try await Vault.create(in: elsewhere, masterKey: MasterKeyRing(try MasterKey.random()))
        await #expect(throws: VaultError(.missingMasterKey, "")) { try await Vault.open(elsewhere, keys: service) }
    }
}
