import AsyncHTTPClient
import Foundation
import KeyVault
import NIOCore
import NIOHTTP1

/// A check that can be sent: where to, with what, and what an answer means.
struct PreparedCheck {
    let request: HTTPClientRequest
    let host: String
    /// Whether the operator said that the host may have a private address.
    let isVouchedFor: Bool
    private let provider: Provider
    private let check: LiveCheck

    /// Why a check cannot be sent.
    struct Refusal: Error {
        let verdict: Verdict
        let reason: String
    }

    init(_ secret: RawSpan, of provider: Provider, allowedHosts: Set<String>) throws(Refusal) {
        let name = provider.displayName
        guard let check = provider.check else {
            throw Refusal(verdict: .unsupported, reason: "\(name) has no free way to check a key.")
        }
        guard let base = check.base else {
            throw Refusal(
                verdict: .unsupported, reason: "\(name) has a host for each customer; configure its base URL.")
        }
        let key = try HeaderText(secret, name: name)
        guard !check.uncheckedPrefixes.contains(where: key.text.hasPrefix) else {
            throw Refusal(verdict: .unsupported, reason: "\(name) has no free way to check a key of this kind.")
        }
        let target: ProviderBase
        do { target = try ProviderBase(base) } catch { throw Refusal(error, name: name) }
        host = target.host
        // In a URL an IPv6 address stands in brackets.
        let names = [target.host, "[\(target.host)]"]
        isVouchedFor = target.isLoopback || allowedHosts.contains { names.contains($0.lowercased()) }
        var request = HTTPClientRequest(url: target.url + check.path)
        for (header, value) in check.headers { request.headers.add(name: header, value: value) }
        request.headers.add(name: check.header, value: check.scheme + key.text)
        request.headers.add(name: "accept", value: "application/json")
        // Nothing here reads a compressed answer.
        request.headers.add(name: "accept-encoding", value: "identity")
        request.headers.add(name: "user-agent", value: "KeyVault")
        self.request = request
        self.provider = provider
        self.check = check
    }
}

/// A key as a header can carry it.
private struct HeaderText {
    let text: String

    init(_ secret: RawSpan, name: String) throws(PreparedCheck.Refusal) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(secret.byteCount)
        for offset in 0..<secret.byteCount {
            // Any byte of a span of raw memory is a `UInt8`.
            let byte = unsafe secret.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            // A line break would begin a header of the key's own.
            guard (0x21...0x7E).contains(byte) else {
                throw PreparedCheck.Refusal(
                    verdict: .invalid, reason: "The key holds characters that no \(name) key has; nothing was sent.")
            }
            bytes.append(byte)
        }
        text = String(decoding: bytes, as: UTF8.self)
    }
}

extension PreparedCheck.Refusal {
    fileprivate init(_ refusal: ProviderBase.Refusal, name: String) {
        verdict = .unsupported
        reason =
            switch refusal {
            case .form: "The base URL configured for \(name) is not of the form https://HOST."
            case .insecure: "The base URL configured for \(name) must begin with https://."
            }
    }
}

extension PreparedCheck {
    func readsAnswer(status: HTTPResponseStatus) -> Bool { check.readsAnswer(status: Int(status.code)) }

    /// - Parameter now: from when a pause is counted that ends at a date.
    func findings(status: HTTPResponseStatus, headers: HTTPHeaders, answer: ByteBuffer?, now: Date) -> Findings {
        let name = provider.displayName
        let retryAfter = headers.first(name: "retry-after").flatMap { RetryAfter($0, now: now)?.seconds }
        switch check.verdict(status: Int(status.code), answer: answer.map { Array($0.readableBytesView) }) {
        case .valid:
            return Findings(.valid, "\(name) accepts the key.")
        case .restricted:
            return Findings(.restricted, "\(name) knows the key but does not let it do everything.")
        case .withoutCredit:
            return Findings(.withoutCredit, "\(name) accepts the key, but the account has no credit.")
        case .invalid:
            return Findings(.invalid, "\(name) refuses the key.")
        case .rateLimited:
            return Findings(
                .rateLimited, "\(name) asks for a pause before it answers again.",
                retryAfter: retryAfter)
        case let verdict?:
            return Findings(verdict, "\(name) answered with status \(status.code).")
        case nil:
            return Findings(
                .unreachable, "\(name) answered with status \(status.code), which says nothing about the key.",
                retryAfter: retryAfter)
        }
    }

    func findings(of failure: RequestFailure) -> Findings {
        Findings(.unreachable, "\(provider.displayName) \(failure.reason)")
    }
}
