public import NIOCore

/// A request context that knows its connection: where an application's context is one, a client that goes away ends the call
/// that is made on its behalf, even while that call gives nothing to pass on.
public protocol ConnectionAware {
    /// The client's connection.
    var channel: any Channel { get }
}
