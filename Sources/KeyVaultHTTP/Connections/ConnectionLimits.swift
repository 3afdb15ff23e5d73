public import NIOCore

/// What a connection may take. The defaults suit a server that faces people.
///
/// ``ConnectionGuard`` keeps to the times. To ``headerBytes`` and ``connections`` `keyvault-server` alone keeps: an application
/// of your own hands them to its HTTP server.
public struct ConnectionLimits: Sendable {
    /// From the connection's beginning, or the end of the answer before, to the end of a request's header. Dripped bytes do
    /// not put it off. Default: 15 s for the first, see ``idle`` for those that follow.
    public var header: TimeAmount
    /// From the end of the header to the end of the body, dripped or not. Default: 60 s.
    public var body: TimeAmount
    /// How long a connection may wait for its next request. Default: 75 s.
    public var idle: TimeAmount
    /// How long a client may leave written bytes unread. Default: 60 s.
    public var stalledWrite: TimeAmount
    /// The longest header in bytes, which ``ConnectionGuard`` does not look at. Default: 32 KiB.
    public var headerBytes: Int
    /// How many connections there may be, which ``ConnectionGuard`` does not look at. Default: 4,096.
    public var connections: Int

    public init(
        header: TimeAmount = .seconds(15), body: TimeAmount = .seconds(60), idle: TimeAmount = .seconds(75),
        stalledWrite: TimeAmount = .seconds(60), headerBytes: Int = 32 * 1024, connections: Int = 4096
    ) {
        self.header = header
        self.body = body
        self.idle = idle
        self.stalledWrite = stalledWrite
        self.headerBytes = headerBytes
        self.connections = connections
    }
}
