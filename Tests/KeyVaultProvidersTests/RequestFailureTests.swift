import AsyncHTTPClient
import NIOCore
import NIOSSL
import Testing

@testable import KeyVaultProviders

@Suite struct RequestFailureTests {
    @Test(
        arguments: [
            (HTTPClientError.deadlineExceeded, .timeout), (HTTPClientError.connectTimeout, .timeout),
            (HTTPClientError.readTimeout, .timeout), (HTTPClientError.getConnectionFromPoolTimeout, .timeout),
            (HTTPClientError.tlsHandshakeTimeout, .tls), (NIOSSLError.uncleanShutdown, .tls),
            (HTTPClientError.cancelled, .cancelled), (CancellationError(), .cancelled),
            (PublicAddressGuard.Refusal(), .address), (HTTPClientError.remoteConnectionClosed, .connection),
            (ChannelError.ioOnClosedChannel, .connection), (RequestFailure.tls, .tls),
        ] as [(any Error & Sendable, RequestFailure)])
    func saysWhatFailed(_ error: any Error & Sendable, _ failure: RequestFailure) {
        #expect(RequestFailure(error) == failure)
        // Only a connection is worth another try.
        #expect(RequestFailure(error).isConnectionFailure == (failure == .connection))
    }
}
