import Hummingbird

/// `HOST:PORT`, `[IPV6]:PORT`; port 0 lets the system choose.
struct ListenAddress: Sendable, CustomStringConvertible {
    let host: String
    let port: Int

    init(_ text: String) throws {
        guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
            throw StartFailure("An address is HOST:PORT, such as 127.0.0.1:8080, not '\(text)'.")
        }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        // The system takes `*` for the name of this machine alone.
        guard !host.isEmpty, host != "*" else {
            throw StartFailure("The address '\(text)' names no host. Write 0.0.0.0 for all.")
        }
        self.host = host
        self.port = Int(port)
    }

    /// Whether nothing but this machine reaches it.
    var isLoopback: Bool { host == "localhost" || host == "::1" || isLoopbackOfVersion4 }
    /// A name may begin like such an address.
    private var isLoopbackOfVersion4: Bool { host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." } }
    var bindAddress: BindAddress { .hostname(host, port: port) }
    var description: String { description(port: port) }

    /// As a URL has it, at the port that the system chose.
    func description(port: Int) -> String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
