public import Logging

public import struct Foundation.Date

/// How a vault behaves. The defaults suit a server.
public struct VaultConfiguration: Sendable {
    /// Receives an event for every change and read, after it happened; but not when a vault is created or a token authenticated.
    /// Called on the caller's task: hand the event on rather than block. Over the HTTP service ``AuditEvent/principal`` is `nil`, and the
    /// tenant says who it was. Default: none.
    public var audit: (@Sendable (AuditEvent) -> Void)?
    /// How much is kept at hand, sealed, and for how long.
    public var cache: CacheConfiguration
    /// Used at debug only. Default: a logger that drops everything.
    public var logger: Logger
    /// How often the store is asked whether another process changed something. A change is noticed within this time and
    /// dropped from the cache. While the store does not answer, the cache is emptied at this interval, or every 250 ms where that is longer.
    /// Less than a millisecond counts as one, more than a day as a day. Default: 250 ms.
    public var foreignChangeInterval: Duration
    /// Measures ages and sleeps. Leave it `nil` outside tests: that is the system's coarse clock, to some milliseconds, while with a
    /// finer one nearly every read of a cached key takes a lock.
    public var clock: (any Clock<Duration>)?
    /// The time of day. Default: the system's.
    public var date: @Sendable () -> Date

    /// Whose keys are checked by which rules before they are stored. Default: the providers that this release knows.
    public var providers: ProviderRegistry
    /// Asks providers whether keys are live. Default: none; nobody is asked.
    public var validator: (any ProviderValidator)?
    /// What a check on write leads to. Default: lenient.
    public var checks: CheckPolicy
    /// Whether a key that its provider refuses is disabled, rather than only marked. Default: yes.
    public var disablesRejectedKeys: Bool
    /// How long a key rests after a provider asked for a pause without saying for how long; a day at most. Default: 1 minute.
    public var coolDown: Duration
    /// For how long those who find the header changed wait for one who is asking the source of master keys already.
    var masterKeyPatience = Duration.seconds(30)

    public init(
        cache: CacheConfiguration = CacheConfiguration(), audit: (@Sendable (AuditEvent) -> Void)? = nil,
        logger: Logger = Logger(label: "keyvault", factory: { _ in SwiftLogNoOpLogHandler() }),
        foreignChangeInterval: Duration = .milliseconds(250), clock: (any Clock<Duration>)? = nil,
        date: @escaping @Sendable () -> Date = { Date() }, providers: ProviderRegistry = .builtIn,
        validator: (any ProviderValidator)? = nil, checks: CheckPolicy = .lenient, disablesRejectedKeys: Bool = true,
        coolDown: Duration = .seconds(60)
    ) {
        self.cache = cache
        self.audit = audit
        self.logger = logger
        self.foreignChangeInterval = foreignChangeInterval
        self.clock = clock
        self.date = date
        self.providers = providers
        self.validator = validator
        self.checks = checks
        self.disablesRejectedKeys = disablesRejectedKeys
        self.coolDown = coolDown
    }

    var time: TimeSource {
        guard let clock else { return .system(date: date) }
        return TimeSource(clock: clock, date: date)
    }
}
