import Dispatch
import Glibc
public import KeyVault

/// Master keys that a key service keeps: an example of a ``MasterKeySource`` of your own.
///
/// It asks `service.py` beside it, over loopback, in a few lines of HTTP. Replace ``exchange(_:with:)`` with the client of your
/// service: AWS KMS, Vault's transit engine, a PKCS#11 token.
///
/// Here the answer goes from the socket straight into guarded memory, and nothing on our side ever copies the key elsewhere.
/// An HTTPS client cannot do that: its TLS library decrypts into buffers of its own, which it frees without wiping, and most
/// return the answer as a string. So keep what they return for as short a time as you can, wipe what you can reach, and prefer
/// a service on this machine (an agent behind a Unix socket, a token) where you have the choice. Never send a key in the clear
/// beyond loopback.
public struct KeyService: MasterKeySource {
    private let keys: [String]
    private let port: UInt16
    private let token: String
    private let patience: Duration

    /// - Parameters:
    ///   - keys: what the service calls the keys of this vault, the active one first. For a rotation, the new one behind it.
    ///   - port: where the service listens on 127.0.0.1.
    ///   - token: proves to the service who asks.
    ///   - patience: how long the service may stay silent: if it hangs, we must not. Default: 5 seconds.
    public init(keys: [String], port: UInt16, token: String, patience: Duration = .seconds(5)) {
        self.keys = keys
        self.port = port
        self.token = token
        self.patience = patience
    }

    /// Gives the keys that were configured, whichever the header asks for: nobody vouches for it yet. Whoever wrote it could name
    /// a key of their own, and the vault would be theirs.
    public func masterKeys(for request: MasterKeyRequest) async throws -> MasterKeyRing {
        var ring: MasterKeyRing?
        for name in keys {
            let key = try await exchange("GET /keys/\(name)")
            if ring == nil { ring = key } else { ring?.add(key) }
        }
        guard let ring else { throw Self.failure("was asked for no key") }
        return ring
    }

    /// Makes a new key in the service: for a new vault, and for a rotation.
    public func makeKey() async throws -> MasterKeyRing { try await exchange("POST /keys") }

    /// Sends a request, and takes the key that the answer holds.
    private func exchange(_ request: String) async throws -> MasterKeyRing {
        // A call that waits for the network belongs on no thread of the cooperative pool.
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try exchange(request, with: token) }) }
        }
    }

    private func exchange(_ request: String, with token: String) throws(VaultError) -> MasterKeyRing {
        let socket = try LoopbackSocket(port: port, patience: patience)
        try socket.send("\(request) HTTP/1.0\r\nAuthorization: Bearer \(token)\r\n\r\n")
        var answer = try SecretBuffer(capacity: 4096)
        while try answer.read(from: socket.descriptor) > 0 {}
        return try answer.withSpan { answer throws(VaultError) in
            guard let body = Self.bodyStart(answer), answer.starts(with: "HTTP/1.0 200 ") else {
                throw Self.failure("gave no key for \(request)")
            }
            do {
                return MasterKeyRing(try MasterKey(copying: answer.extracting(droppingFirst: body)))
            } catch {
                throw Self.failure("gave something that is no key for \(request)", error)
            }
        }
    }

    /// Where the header fields of an answer have ended.
    private static func bodyStart(_ answer: Span<UInt8>) -> Int? {
        let end: [UInt8] = Array("\r\n\r\n".utf8)
        guard answer.count >= end.count else { return nil }
        return (end.count...answer.count).first { position in
            end.indices.allSatisfy { answer[position - end.count + $0] == end[$0] }
        }
    }

    /// The answer of a service is never part of a message: it might be a key.
    fileprivate static func failure(_ what: String, _ cause: (any Error)? = nil) -> VaultError {
        VaultError(
            .missingMasterKey, "The key service \(what).", hint: "Is it running, and is the token right?", cause: cause)
    }
}

extension Span<UInt8> {
    fileprivate func starts(with text: String) -> Bool {
        count >= text.utf8.count && zip(indices, text.utf8).allSatisfy { self[$0] == $1 }
    }
}

/// A connection to 127.0.0.1, closed when it ends.
private struct LoopbackSocket: ~Copyable {
    let descriptor: Int32

    init(port: UInt16, patience: Duration) throws(VaultError) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw KeyService.failure("cannot be asked: no socket") }
        let (seconds, attoseconds) = patience.components
        // None at all would be for ever.
        var patience = timeval(
            tv_sec: time_t(seconds), tv_usec: max(suseconds_t(attoseconds / 1_000_000_000_000), seconds == 0 ? 1 : 0))
        // The call is told the length of what it reads.
        unsafe setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(INADDR_LOOPBACK).bigEndian
        // An address of this kind begins as every address does; the call is told its length.
        let result = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw KeyService.failure("does not answer at port \(port)") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws(VaultError) {
        let bytes = Array(text.utf8)
        // The buffer is passed with its own length.
        let sent = unsafe bytes.withUnsafeBytes {
            unsafe Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard sent == bytes.count else { throw KeyService.failure("hung up") }
    }
}
