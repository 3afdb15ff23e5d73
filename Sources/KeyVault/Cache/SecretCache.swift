import CKeyVaultLinux
package import KeyVaultCrypto
package import KeyVaultFormat
import KeyVaultStorage

/// Keeps the secrets that are read often, sealed, so that most reads neither wait nor ask the store.
///
/// A secret that was deleted or replaced is never served again, whatever is in flight: ``invalidate(_:)`` after the store's
/// acknowledgement, and before the caller's.
package final class SecretCache: Sendable {
    let limits: Limits
    let time: TimeSource
    let shards: ShardTable
    private let unlockedHits = HitCounters()
    private let ciphers = CipherRing()
    private let tenantHasher: ShortHash
    /// How many secrets are sealed under one key: the nonces are hashes of 96 bits, and of so few two seldom meet.
    private let fillsPerKey: UInt64

    package init(
        _ configuration: CacheConfiguration, time: TimeSource, fillsPerKey: UInt64 = 1 << 32
    ) throws(CryptoError) {
        limits = Limits(configuration)
        self.time = time
        self.fillsPerKey = fillsPerKey
        tenantHasher = try ShortHash()
        let slab = try EntrySlab(
            maximumEntries: configuration.maximumEntries, maximumBytes: configuration.maximumBytes)
        shards = ShardTable(cipher: try ciphers.renew(), slab: slab)
    }

    /// What is cached about a record; `nil` when the store has to be asked: go on with ``read(_:fill:)``.
    @inline(__always)
    package func lookup(_ id: RecordID) throws(CryptoError) -> CachedSecret? {
        let hash = Self.hash(id)
        id.prefetch()
        switch shards.table(of: hash).openUnlocked(id, hash, now: time.monotonic()) {
        case nil: return try lookupLocked(id, hash)
        case .absent?:
            unlockedHits.count(isAbsent: true)
            return .absent
        case .secret(let lease)?:
            unlockedHits.count(isAbsent: false)
            return .secret(lease)
        }
    }

    @inline(never)
    private func lookupLocked(_ id: RecordID, _ hash: UInt64) throws(CryptoError) -> CachedSecret? {
        let sealed: SealedCopy? = try shards.withShard(of: hash) { shard throws(CryptoError) in
            // The time is taken under the lock: otherwise a thread that waited for it would seem to go back in time.
            try shard.lookup(hash, now: time.monotonic())
        }
        guard let sealed else { return nil }
        do { return try sealed.open(for: id) } catch .authenticationFailed {
            // The entry is of another id with the same hash, or damaged. Either way the store knows.
            shards.withShard(of: hash) { $0.remove(hash) }
            return nil
        }
    }

    /// Seals a secret, or the absence of one, for the cache and for those who wait.
    func seal(_ secret: Span<UInt8>, revision: UInt64, for id: RecordID, in flight: Flight) throws(CryptoError)
        -> SealedSecret
    {
        let (fills, bytes, nonce) = try flight.cipher.withCipher { cipher throws(CryptoError) in
            let (sealed, nonce) = try cipher.seal(secret, for: id)
            return (cipher.countFill(), sealed, nonce)
        }
        if fills == fillsPerKey { try renewCipher() }
        return SealedSecret(
            bytes: bytes, nonce: nonce, secretLength: secret.count, revision: revision, cipher: flight.cipher)
    }

    /// Keyed, so that nobody who picks names can make them collide.
    func tenantHash(_ name: Span<UInt8>) -> UInt32 { tenantHasher.hash(name).span.uint32(at: 0) }

    func renewCipher() throws(CryptoError) {
        let cipher = try ciphers.renew()
        for index in 0..<ShardTable.count { shards.withShard(index) { $0.adopt(cipher) } }
    }

    /// Gathered shard by shard, so that reads going on meanwhile may be counted in part.
    package var statistics: CacheStatistics {
        var sum = CacheStatistics()
        for index in 0..<ShardTable.count { shards.withShard(index) { sum.add($0.statistics) } }
        sum.hits += unlockedHits.sum(isAbsent: false)
        sum.negativeHits += unlockedHits.sum(isAbsent: true)
        (sum.entries, sum.bytes) = shards.withSlab { $0.used }
        return sum
    }
}

extension RecordID {
    /// Brings the names into the processor's cache while the entry is looked for. Names longer than two lines are read from where they are.
    @inline(__always)
    fileprivate func prefetch() {
        // Only an address is computed here; nothing is read.
        unsafe encoded.withUnsafeBufferPointer { names in
            guard let start = names.baseAddress else { return }
            unsafe keyvault_prefetch(start)
            unsafe keyvault_prefetch(start + names.count - 1)
        }
    }
}

extension SecretCache {
    /// The configuration's ages in nanoseconds.
    struct Limits: Sendable {
        let timeToLive: UInt64
        let negativeTimeToLive: UInt64
        let staleness: UInt64
        let maximumAge: UInt64

        init(_ configuration: CacheConfiguration) {
            timeToLive = configuration.timeToLive.clampedNanoseconds
            negativeTimeToLive = configuration.negativeTimeToLive.clampedNanoseconds
            staleness = (configuration.staleOnStoreError ?? .zero).clampedNanoseconds
            maximumAge = configuration.maximumAge.clampedNanoseconds
        }
    }
}

extension Duration {
    /// What lies below zero becomes zero; what lies beyond 292 years becomes that.
    var clampedNanoseconds: UInt64 {
        let (seconds, attoseconds) = components
        guard self > .zero else { return 0 }
        guard seconds < Int64.max / 1_000_000_000 else { return UInt64(Int64.max) }
        return UInt64(seconds) * 1_000_000_000 + UInt64(attoseconds / 1_000_000_000)
    }
}

extension UInt64 {
    func advanced(saturatingBy nanoseconds: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(nanoseconds)
        return overflow ? .max : sum
    }
}
