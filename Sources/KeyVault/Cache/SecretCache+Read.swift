import KeyVaultCrypto
package import KeyVaultFormat

extension SecretCache {
    /// What is cached about a record, or what `fill` reads from the store.
    ///
    /// However many ask for one record at once, one of them reads. Should that one be cancelled, another takes its place;
    /// should it fail, all who waited fail with it, and the next to come tries again.
    ///
    /// - Parameter fill: Reads the record. It runs at most once, and on the caller's task.
    /// - Throws: what `fill` threw, here or for whom this call waited; `cancelled`; `crypto`.
    package func read(
        _ id: RecordID, fill: () async throws(VaultError) -> CacheFill
    ) async throws(VaultError) -> CachedSecret {
        while true {
            switch try begin(id) {
            case .cached(let found): return found
            case .lead(let flight): return try await lead(flight, id, fill)
            case .join(let flight):
                switch await flight.outcome() {
                case .filled(let sealed):
                    return try VaultError.wrap { () throws(CryptoError) in try sealed.open(for: id) }
                case .failed(let error): throw error
                case .abandoned: continue
                case nil: throw VaultError(.cancelled, "The task was cancelled while it waited for a key.")
                }
            }
        }
    }

    private func lead(
        _ flight: Flight, _ id: RecordID, _ fill: () async throws(VaultError) -> CacheFill
    ) async throws(VaultError) -> CachedSecret {
        let filled: CacheFill
        do { filled = try await fill() } catch {
            guard let stale = fail(flight, id, error, isCancelled: Task.isCancelled) else { throw error }
            return try VaultError.wrap { () throws(CryptoError) in try stale.open(for: id) }
        }
        return try complete(flight, id, filled)
    }

    // MARK: The steps of a read, none of which waits

    /// How a read goes on.
    enum Beginning: ~Copyable {
        case cached(CachedSecret)
        /// The caller has to read the store, and then to call ``complete(_:_:_:)`` or ``fail(_:_:_:isCancelled:)``.
        case lead(Flight)
        case join(Flight)
    }

    func begin(_ id: RecordID) throws(VaultError) -> Beginning {
        let hash = Self.hash(id)
        while true {
            let boarded = shards.withShard(of: hash) { shard in
                let timeToLive = min(limits.timeToLive, limits.maximumAge)
                return shard.board(id, hash, now: time.monotonic(), timeToLive: timeToLive)
            }
            if let (flight, isLeader) = boarded { return isLeader ? .lead(flight) : .join(flight) }
            if let found = try VaultError.wrap({ () throws(CryptoError) in try lookup(id) }) { return .cached(found) }
        }
    }

    /// Hands on what the store gave, and keeps it unless the record was changed meanwhile.
    func complete(_ flight: Flight, _ id: RecordID, _ filled: consuming CacheFill) throws(VaultError) -> CachedSecret {
        do throws(CryptoError) {
            switch consume filled {
            case .absent:
                let absence: [UInt8] = []
                settle(flight, id, try seal(absence.span, revision: 0, for: id, in: flight), lifetime: nil)
                return .absent
            case .secret(let lease, let lifetime):
                let sealed = try lease.withSpan { span throws(CryptoError) in
                    try seal(span, revision: lease.revision, for: id, in: flight)
                }
                settle(flight, id, sealed, lifetime: lifetime)
                return .secret(lease)
            }
        } catch {
            let error = VaultError(error)
            _ = fail(flight, id, error, isCancelled: false)
            throw error
        }
    }

    /// Ends a flight that brought nothing.
    ///
    /// - Returns: what is to be served all the same.
    func fail(_ flight: Flight, _ id: RecordID, _ error: VaultError, isCancelled: Bool) -> SealedSecret? {
        let stale: SealedSecret? = shards.withShard(of: flight.hash) { shard in
            let now = time.monotonic()
            guard shard.land(flight, id, now: now), !isCancelled else { return nil }
            // Anything else than a store out of reach is an answer: what was known before does not hold any more.
            guard error.isOfUnreachableStore else {
                shard.remove(flight.hash)
                return nil
            }
            return try? shard.staleEntry(flight.hash, now: now)
        }
        flight.settle(isCancelled ? .abandoned : stale.map { .filled($0) } ?? .failed(error))
        return stale
    }

    /// Whether there is a secret of `id` that can be served, be it in place of a store that fails.
    func holdsSecret(of id: RecordID) -> Bool {
        let hash = Self.hash(id)
        return shards.withShard(of: hash) { $0.holdsSecret(hash, now: time.monotonic()) }
    }

    private func settle(_ flight: Flight, _ id: RecordID, _ sealed: SealedSecret, lifetime: Duration?) {
        makeRoom(secretLength: sealed.secretLength, near: flight.hash, now: flight.started)
        shards.withShard(of: flight.hash) { shard in
            let now = time.monotonic()
            guard shard.land(flight, id, now: now) else { return }
            let entry = entry(sealed, id, of: flight, now: now, lifetime: lifetime)
            if now < entry.usableUntil {
                shard.insert(entry, sealed: sealed.bytes.span)
            } else {
                // Not kept; but what was known before does not hold any more.
                shard.remove(flight.hash)
            }
        }
        flight.settle(.filled(sealed))
    }

    private func entry(
        _ sealed: SealedSecret, _ id: RecordID, of flight: Flight, now: UInt64, lifetime: Duration?
    ) -> CacheEntry {
        let end = min(
            flight.started.advanced(saturatingBy: limits.maximumAge),
            lifetime.map { now.advanced(saturatingBy: $0.clampedNanoseconds) } ?? .max)
        let isAbsent = sealed.secretLength == 0
        let fresh = flight.started.advanced(saturatingBy: isAbsent ? limits.negativeTimeToLive : limits.timeToLive)
        return CacheEntry(
            hash: flight.hash, freshUntil: min(fresh, end),
            usableUntil: min(isAbsent ? fresh : fresh.advanced(saturatingBy: limits.staleness), end),
            revision: sealed.revision, nonce: sealed.nonce, secretLength: UInt32(sealed.secretLength),
            tenant: tenantHash(id.nameBytes(at: 0).span))
    }

    /// Evicts until a secret of that length fits, beginning with the shard that it belongs to.
    ///
    /// Others may take the room before it is used; then the secret is not cached, this once. The time may be a little old: it only
    /// tells which entries are of no use any more.
    private func makeRoom(secretLength: Int, near hash: UInt64, now: UInt64) {
        guard shards.withSlab({ $0.canHold(secretLength: secretLength) }) else { return }
        let home = ShardTable.index(of: hash)
        var step = 0
        while !shards.withSlab({ $0.hasRoom(secretLength: secretLength) }), step < ShardTable.count {
            let evicted = shards.withShard((home + step) % ShardTable.count) { $0.evict(now: now) }
            if !evicted { step += 1 }
        }
    }
}
