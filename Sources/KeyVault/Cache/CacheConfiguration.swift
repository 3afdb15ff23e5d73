/// How much a vault keeps at hand, and for how long.
///
/// What is cached is sealed under a key of the process. A key that this process deletes or replaces is gone from its cache at
/// once; what another process changed lives on for ``timeToLive`` at most, and usually for far less.
public struct CacheConfiguration: Sendable {
    /// How long a key is served before the store is asked again, and how long a list of a tenant's keys serves the choice among them.
    /// Such a list is kept without the keys, and of a tenant with 64 keys at the most. Default: 5 minutes; zero asks every time.
    public var timeToLive: Duration
    /// How long a "not found" result is cached. Default: 5 seconds; zero asks every time.
    public var negativeTimeToLive: Duration
    /// How many records are kept, absent ones included. Default: 100,000.
    public var maximumEntries: Int
    /// How much memory the cached keys use, overhead included. The lists of which keys tenants have are not counted: of 10,000
    /// tenants at the most. Default: 64 MiB.
    public var maximumBytes: Int
    /// How much longer than ``timeToLive`` a key is served while the store fails, at most. A store that does not answer at all
    /// is another matter (``VaultConfiguration/foreignChangeInterval``). Default: `nil`, not at all.
    public var staleOnStoreError: Duration?
    /// No key is served, failing store or not, when it was last read from the store longer ago than this. Default: 15 minutes.
    public var maximumAge: Duration

    public init(
        timeToLive: Duration = .seconds(300), negativeTimeToLive: Duration = .seconds(5), maximumEntries: Int = 100_000,
        maximumBytes: Int = 64 << 20, staleOnStoreError: Duration? = nil, maximumAge: Duration = .seconds(900)
    ) {
        self.timeToLive = timeToLive
        self.negativeTimeToLive = negativeTimeToLive
        self.maximumEntries = maximumEntries
        self.maximumBytes = maximumBytes
        self.staleOnStoreError = staleOnStoreError
        self.maximumAge = maximumAge
    }
}
