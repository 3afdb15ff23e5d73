import Glibc
import NIOCore

/// Keeps requests from addresses inside of the operator's own network: private ones, link-local ones, and those where clouds
/// answer with a machine's credentials.
///
/// It looks twice. A name that leads inside is not connected to at all; but the HTTP client resolves it again, and the second
/// answer may be another. So the address that a connection has actually reached is looked at too, before a request is written.
package enum PublicAddressGuard {
    struct Refusal: Error {}

    /// Resolves a host, for as long as that takes; `nil` where it leads nowhere.
    @Sendable package static func resolve(_ host: String) -> [UInt8]? {
        // The port decides nothing here.
        (try? SocketAddress.makeAddressResolvingHost(host, port: 443))?.bytes
    }

    /// Fails the connection unless its other end is public.
    @Sendable static func check(_ channel: any Channel) -> EventLoopFuture<Void> {
        if let address = channel.remoteAddress, let bytes = address.bytes, isPublic(bytes) {
            return channel.eventLoop.makeSucceededVoidFuture()
        }
        channel.close(promise: nil)
        return channel.eventLoop.makeFailedFuture(Refusal())
    }

    /// Whether a host of a URL says in so many words that it is this machine.
    package static func namesLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return parts.count == 4 && parts.first == 127 && !parts.contains(nil)
    }

    /// Whether the 4 bytes of IPv4, or the 16 of IPv6, are an address of the public internet.
    static func isPublic(_ address: [UInt8]) -> Bool {
        switch address.count {
        case 4: !closed4.contains { $0.holds(address) }
        case 16: embedded4(in: address).map(isPublic) ?? !closed6.contains { $0.holds(address) }
        default: false
        }
    }

    /// The IPv4 address that an IPv6 address leads to: mapped, by NAT64, or by 6to4.
    private static func embedded4(in address: [UInt8]) -> [UInt8]? {
        let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        let translated: [UInt8] = [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        if address.starts(with: mapped) || address.starts(with: translated) { return Array(address[12...]) }
        return address.starts(with: [0x20, 0x02]) ? Array(address[2..<6]) : nil
    }

    private struct Range {
        let prefix: [UInt8]
        let bits: Int

        init(_ prefix: [UInt8], _ bits: Int) {
            self.prefix = prefix
            self.bits = bits
        }

        func holds(_ address: [UInt8]) -> Bool {
            for (index, byte) in prefix.enumerated() {
                let rest = max(0, min(8, bits - index * 8))
                if (byte ^ address[index]) >> UInt8(8 - rest) != 0 { return false }
            }
            return true
        }
    }

    /// The registry of special IPv4 addresses (RFC 6890 and its updates), and Azure's 168.63.129.16.
    private static let closed4 = [
        Range([0], 8), Range([10], 8), Range([100, 64], 10), Range([127], 8), Range([169, 254], 16),
        Range([172, 16], 12),
        Range([192, 0, 0], 24), Range([192, 0, 2], 24), Range([192, 168], 16), Range([198, 18], 15),
        Range([198, 51, 100], 24),
        Range([203, 0, 113], 24), Range([224], 4), Range([240], 4), Range([168, 63, 129, 16], 32),
    ]

    /// Public IPv6 is 2000::/3, but for the addresses of protocols (Teredo, benchmarks) and of documentation.
    private static let closed6 = [
        Range([0], 3), Range([0x40], 2), Range([0x80], 1), Range([0x20, 0x01, 0], 23),
        Range([0x20, 0x01, 0x0D, 0xB8], 32), Range([0x3F, 0xFF, 0], 20),
    ]
}

extension SocketAddress {
    /// The address in the order of the network; `nil` for one that is not of IP.
    var bytes: [UInt8]? {
        guard let text = ipAddress else { return nil }
        let (family, count) = self.protocol == .inet6 ? (AF_INET6, 16) : (AF_INET, 4)
        var bytes = [UInt8](repeating: 0, count: count)
        // The buffer has the length that the family asks for.
        return unsafe inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }
}
