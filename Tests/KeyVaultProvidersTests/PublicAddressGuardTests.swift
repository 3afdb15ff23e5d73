import Foundation
import KeyVault
import NIOCore
import NIOSSL
import TestSupport
import Testing

@testable import KeyVaultProviders

@Suite struct PublicAddressGuardTests {
    @Test(arguments: [
        ("8.8.8.8", true), ("1.1.1.1", true), ("172.15.0.1", true), ("172.32.0.1", true), ("100.63.255.255", true),
        ("198.20.0.1", true), ("223.255.255.255", true), ("0.0.0.0", false), ("10.0.0.1", false), ("100.64.0.1", false),
        ("100.127.255.255", false), ("127.0.0.1", false), ("127.255.255.254", false), ("169.254.169.254", false),
        ("172.16.0.1", false), ("172.31.255.255", false), ("192.0.0.192", false), ("192.168.1.1", false),
        ("198.18.0.1", false),
        ("198.19.255.255", false), ("224.0.0.1", false), ("240.0.0.1", false), ("255.255.255.255", false),
        ("168.63.129.16", false), ("2606:4700::1111", true), ("2a00:1450:4001:81b::200e", true), ("::", false),
        ("::1", false),
        ("fe80::1", false), ("fc00::1", false), ("fd00:ec2::254", false), ("ff02::1", false), ("2001:db8::1", false),
        ("::ffff:127.0.0.1", false), ("::ffff:169.254.169.254", false), ("::ffff:8.8.8.8", true),
        ("64:ff9b::10.0.0.1", false), ("64:ff9b::8.8.8.8", true), ("2002:7f00:1::", false), ("2002:808:808::", true),
        ("2001::1", false),
        // On either side of what is closed, and what is closed from its first address to its last.
        ("0.255.255.255", false), ("1.0.0.0", true), ("9.255.255.255", true), ("10.255.255.255", false),
        ("11.0.0.0", true), ("100.128.0.0", true), ("126.255.255.255", true), ("128.0.0.0", true),
        ("168.63.129.15", true), ("168.63.129.17", true), ("169.253.255.255", true), ("169.254.0.0", false),
        ("169.255.0.0", true), ("191.255.255.255", true), ("192.0.0.0", false), ("192.0.1.0", true),
        ("192.0.2.1", false), ("192.0.3.0", true), ("192.167.255.255", true), ("192.169.0.0", true),
        ("198.17.255.255", true), ("198.51.99.255", true), ("198.51.100.1", false), ("198.51.101.0", true),
        ("203.0.112.255", true), ("203.0.113.1", false), ("203.0.114.0", true), ("239.255.255.255", false),
        ("1fff:ffff::1", false), ("2000::1", true), ("2001:0:ffff::1", false), ("2001:200::1", true),
        ("2001:db7::1", true), ("2001:db9::1", true), ("3ffe::1", true), ("4000::1", false),
        ("64:ff9b:1::8.8.8.8", false), ("::8.8.8.8", false),
        // Benchmarks and documentation (RFC 5180, RFC 9637).
        ("2001:2::1", false), ("3fff::1", false), ("3fff:fff:ffff::1", false), ("3fff:1000::1", true),
    ]) func onlyPublicAddressesAreOpen(_ text: String, _ isPublic: Bool) throws {
        let address = try SocketAddress(ipAddress: text, port: 443)
        #expect(PublicAddressGuard.isPublic(try #require(address.bytes)) == isPublic)
    }

    @Test(arguments: [
        ("localhost", true), ("127.0.0.1", true), ("127.3.2.1", true), ("::1", true), ("[::1]", true), ("127.1", false),
        ("2130706433", false), ("localhost.example", false), ("128.0.0.1", false), ("127.0.0.1.example", false),
        ("127.0.0.256", false), ("127..0.1", false), ("", false),
    ]) func loopbackIsNamedOutright(_ host: String, _ isLoopback: Bool) {
        #expect(PublicAddressGuard.namesLoopback(host) == isLoopback)
    }

    @Test(arguments: [
        "http://api.example.com", "http://127.1:80", "http://2130706433", "ftp://127.0.0.1", "api.example.com",
        "https://", "",
        "https://user:pass@api.example.com", "https://api.example.com/?key=1", "file:///etc/passwd",
        "http://localhost.example",
    ]) func aBaseThatIsNotSafeIsNotUsed(_ base: String) async throws {
        let result = try await validate(at: base, with: HTTPProviderValidator())
        #expect(result.verdict == .unsupported)
    }

    @Test(.enabled(if: TestCertificate.canBeMade, "no openssl command to make a certificate with"))
    func aNameThatLeadsInsideIsRefusedUnlessAllowed() async throws {
        let certificate = try TestCertificate()
        let server = try await LoopbackServer(tls: try certificate.serverContext()) { _, _ in
            .send(HTTPProviderValidatorTests.answer(200))
        }
        // It resolves to this machine without saying so: how guards that look at names are led astray.
        let host = "127.1"
        let base = server.base("https", host: host)
        // The other tests may need the processors.
        let patient = HTTPProviderValidator.Configuration(timeout: .seconds(3_600))
        let guarded = HTTPProviderValidator(configuration: patient, tls: certificate.trusting)
        let refused = try await validate(at: base, with: guarded)
        #expect(refused.verdict == .unreachable && refused.reason.contains("not public"), "\(refused.reason)")
        #expect(server.seen.connections == 0)
        // A name server that answers otherwise the second time: connected to, and nothing sent.
        let misled = HTTPProviderValidator(configuration: patient, tls: certificate.trusting) { _ in [1, 1, 1, 1] }
        #expect(try await validate(at: base, with: misled).reason == refused.reason)
        // The client knows of it before the server does.
        while server.seen.connections < 1 { await Task.yield() }
        #expect(server.seen.requests.isEmpty)
        let allowing = HTTPProviderValidator(
            configuration: .init(timeout: .seconds(3_600), allowedHosts: [host]), tls: certificate.trusting)
        #expect(try await validate(at: base, with: allowing).verdict == .valid)
        #expect(server.seen.requests.count == 1 && server.seen.connections == 2)
        try await server.stop()
    }

    @Test func aResolverThatHangsEndsInTime() async throws {
        let (answers, answer) = AsyncStream<Never>.makeStream()
        let released = DispatchSemaphore(value: 0)
        let validator = HTTPProviderValidator(
            configuration: .init(timeout: .milliseconds(200)), tls: .makeClientConfiguration()
        ) { _ in
            released.wait()
            answer.finish()
            return nil
        }
        let result = try await validate(at: "https://provider.invalid", with: validator)
        #expect(result.verdict == .unreachable && result.reason.contains("in time"))
        released.signal()
        for await _ in answers {}
    }

    @Test(.enabled(if: TestCertificate.canBeMade, "no openssl command to make a certificate with"))
    func aCertificateThatNobodyTrustsIsRefused() async throws {
        let certificate = try TestCertificate()
        let server = try await LoopbackServer(tls: try certificate.serverContext()) { _, _ in
            .send(HTTPProviderValidatorTests.answer(200))
        }
        let patient = HTTPProviderValidator(configuration: .init(timeout: .seconds(3_600)))
        let result = try await validate(at: server.base("https"), with: patient)
        #expect(result.verdict == .unreachable && result.reason.contains("TLS"))
        #expect(server.seen.requests.isEmpty)
        try await server.stop()
        // Not TLS at all.
        let plain = try await LoopbackServer { _, _ in .send(HTTPProviderValidatorTests.answer(200)) }
        #expect(
            try await validate(
                at: plain.base("https"), with: HTTPProviderValidator(configuration: .init(timeout: .seconds(1)))
            ).verdict == .unreachable)
        #expect(plain.seen.requests.isEmpty)
        try await plain.stop()
    }

    private func validate(at base: String, with validator: HTTPProviderValidator) async throws -> Validation {
        let bytes = Array(HTTPProviderValidatorTests.key.utf8)
        let provider = try HTTPProviderValidatorTests.provider("openai", at: base)
        return await unsafe validator.validate(bytes.span.bytes, of: provider)
    }
}

/// A self-signed certificate, made for one test: none lies in the repository.
struct TestCertificate {
    static let canBeMade = FileManager.default.isExecutableFile(atPath: openssl)
    private static let openssl = "/usr/bin/openssl"

    private let certificate: NIOSSLCertificate
    private let key: NIOSSLPrivateKey

    init() throws {
        let folder = try TemporaryFolder()
        let process = Process()
        process.executableURL = URL(filePath: Self.openssl)
        process.currentDirectoryURL = folder.url
        process.arguments = [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
            "-subj",
            "/CN=loopback", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "certificate.pem",
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        let pem = try folder.bytes(of: "certificate.pem")
        certificate = try NIOSSLCertificate(bytes: pem, format: .pem)
        key = try NIOSSLPrivateKey(bytes: try folder.bytes(of: "key.pem"), format: .pem)
    }

    func serverContext() throws -> NIOSSLContext {
        try NIOSSLContext(
            configuration: .makeServerConfiguration(
                certificateChain: [.certificate(certificate)], privateKey: .privateKey(key)))
    }

    /// A client that believes this certificate under any name.
    var trusting: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.trustRoots = .certificates([certificate])
        configuration.certificateVerification = .noHostnameVerification
        return configuration
    }
}
