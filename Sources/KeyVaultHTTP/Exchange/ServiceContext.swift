public import Hummingbird
public import NIOCore

/// The request context of ``KeyVaultService`` where it is served by itself. Its routes take any other as well.
public struct ServiceContext: RequestContext, ConnectionAware {
    public var coreContext: CoreRequestContextStorage
    public let channel: any Channel

    public init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        channel = source.channel
    }
}
