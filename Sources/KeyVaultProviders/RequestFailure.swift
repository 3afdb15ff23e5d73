import AsyncHTTPClient
import NIOCore
import NIOSSL

/// Why a request brought no answer, in words of our own: the client's errors can print header values, and nothing of them goes
/// further than this file.
enum RequestFailure: Error {
    case timeout
    case tls
    case address
    case cancelled
    /// The connection was not made, or broke before an answer.
    case connection

    init(_ error: any Error) {
        self =
            switch error {
            case let failure as RequestFailure: failure
            case is PublicAddressGuard.Refusal: .address
            case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: .tls
            case is CancellationError: .cancelled
            case let error as HTTPClientError: Self(error)
            default: .connection
            }
    }

    private init(_ error: HTTPClientError) {
        self =
            switch error {
            case .deadlineExceeded, .connectTimeout, .readTimeout, .getConnectionFromPoolTimeout: .timeout
            case .tlsHandshakeTimeout: .tls
            case .cancelled: .cancelled
            default: .connection
            }
    }

    var isConnectionFailure: Bool { self == .connection }

    /// The end of a sentence that begins with the provider's name.
    var reason: String {
        switch self {
        case .timeout: "did not answer in time."
        case .tls: "could not be reached securely: its TLS certificate or handshake is wrong."
        case .address: "has an address that is not public; allow its host by name if that is meant."
        case .cancelled: "was not asked to the end: the check was cancelled."
        case .connection: "could not be reached."
        }
    }
}
