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
    }

    private func service(_ keys: [MasterKeyID] = [], port: UInt16? = nil, token: String = "let me in") -> KeyService {
        KeyService(keys: keys.map(\.description), port: port ?? self.port, token: token, patience: .seconds(3_600))
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
        let (first, second) = (try await service().makeKey(), try await service().makeKey())
        _ = try await Vault.create(in: store, masterKey: first)
        let keys = service(first.ids + second.ids)
        let (vault, other) = (try await Vault.open(store, keys: keys), try await Vault.open(store, keys: keys))
        let id = try RecordID(tenant: "acme", provider: "example")
        try await vault.put(Secret("secret"), for: id)

        let report = try await vault.rotateMasterKey(to: second)
        #expect(report.retired == first.ids)
        try await other.put(Secret("another secret"), for: id)
        #expect(try await other.withSecret(id) { $0.byteCount } == 14)
        #expect(try await Vault.open(store, keys: service(second.ids)).verify().records == 1)
    }

    /// Whoever can write to the store, and holds another key of the service, or one from before a rotation.
    @Test func aHeaderDoesNotChooseTheKey() async throws {
        let (own, another) = (try await service().makeKey(), try await service().makeKey())
        let store = MemoryStore()
        _ = try await Vault.create(in: store, masterKey: another)
        await #expect(throws: VaultError(.wrongMasterKey, "")) {
            try await Vault.open(store, keys: service(own.ids))
        }
    }

    @Test func aServiceThatGivesNoKeyIsATypedErrorThatSaysSo() async throws {
        let store = MemoryStore()
        let key = try await service().makeKey()
        _ = try await Vault.create(in: store, masterKey: key)
        for bad in [service(key.ids, token: "let me in, please"), service(key.ids, port: 1)] {
            let error = await #expect(throws: VaultError.self) { try await Vault.open(store, keys: bad) }
            #expect(error?.code == .missingMasterKey)
            #expect(error?.message.contains("key service") == true)
            #expect(error?.message.contains("let me in") == false)
        }
        let elsewhere = MemoryStore()
        _ = try await Vault.create(in: elsewhere, masterKey: MasterKeyRing(try MasterKey.random()))
        await #expect(throws: VaultError(.wrongMasterKey, "")) {
            try await Vault.open(elsewhere, keys: service(key.ids))
        }
    }
}
