import Glibc
import NIOSSL

/// The certificate and the key of the server, read again whenever they are asked for.
struct TLSFiles: Sendable {
    let certificate: String
    let key: String

    /// `nil` where neither is named.
    init?(certificate: String?, key: String?) throws {
        switch (certificate, key) {
        case (nil, nil): return nil
        case (let certificate?, let key?): (self.certificate, self.key) = (certificate, key)
        default: throw StartFailure("TLS needs both a certificate and its key: give --tls-certificate and --tls-key.")
        }
    }

    /// Whether whoever is on this machine can read the key. A group of those who may is common.
    var isKeyReadableByAll: Bool {
        var status = stat()
        // `status` is room for what is filled in.
        return unsafe stat(key, &status) == 0 && status.st_mode & 0o004 != 0
    }

    func load() throws -> NIOSSLContext {
        do {
            let chain = try NIOSSLCertificate.fromPEMFile(certificate).map { NIOSSLCertificateSource.certificate($0) }
            let key = try NIOSSLPrivateKey(file: key, format: .pem)
            var configuration = TLSConfiguration.makeServerConfiguration(
                certificateChain: chain, privateKey: .privateKey(key))
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw StartFailure("The TLS certificate \(certificate) or its key \(key) cannot be read, or do not fit.")
        }
    }
}
