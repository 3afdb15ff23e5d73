import KeyVaultFormat

import struct Foundation.Date

/// Chooses the key that serves a request: one that the request brought, else one that is stored, else the shared pool's.
///
/// A failure of the store is never taken for an account without keys. Inline keys go on working then, and so does the pool
/// where it is allowed, with the reason in ``Resolution/passedOver``.
public struct KeyResolver: Sendable {
    /// The key of the shared pool. It is held in guarded memory, so that it serves while the vault is out of reach.
    public struct Pool: Sendable {
        public var secret: Secret
        /// The name of the provider whose key it is. Default: `openrouter`.
        public var upstream: String
        /// What is added to the price of what it serves, as a fraction. Default: 0.25.
        public var markup: Double

        public init(_ secret: Secret, upstream: String = "openrouter", markup: Double = 0.25) {
            self.secret = secret
            self.upstream = upstream
            self.markup = markup
        }
    }

    private let vault: Vault
    private let pool: Pool?
    private let policy: PoolPolicy

    /// - Parameter policy: whether the operator lets the pool serve where no other key does.
    public init(vault: Vault, pool: Pool? = nil, policy: PoolPolicy = .allow) {
        self.vault = vault
        self.pool = pool
        self.policy = policy
    }

    /// Runs `body` on the key that serves `request`, which is wiped when `body` returns, and on where it came from.
    ///
    /// - Throws: ``VaultError`` where no key serves: `notFound`, `disabled`, `expired`, `damagedRecord`, or what the store
    ///   failed with, with a ``NoUsableKey`` as its cause; `invalidArgument` for a tenant of the vault's own;
    ///   `missingMasterKey` or `newerRecord` where a stored key may well serve, no other of the tenant's does, and the master key to
    ///   open it is not there, or a later release is needed; `crypto`, …; else what `body` throws.
    public func withKey<Result>(
        for request: KeyRequest, _ body: (RawSpan, Resolution) async throws -> Result
    ) async throws -> Result {
        var facts = ResolutionFacts(request, pool: pool, operatorPolicy: policy, now: vault.time.date())
        var failures = Failures()
        if !facts.isServedInline {
            do throws(VaultError) {
                facts.stored = .known(try await vault.storedKeys(of: request.tenant, providers: facts.upstreams))
            } catch {
                guard error.isOutage else { throw error }
                // In a flat file one damaged row, whoever's it is, ends every list; reads of others by name go on.
                facts.stored = error.isOfCorruptBytes ? .named(request.unlistedKeys(of: facts.upstreams)) : .failed
                failures.note(error)
            }
        }
        while true {
            let plan = facts.plan()
            guard let choice = plan.steps.first else { throw Self.noKey(for: request, plan, failures) }
            guard case .vault(let id, _) = choice.origin else {
                // What this process lacks to open it is no matter of the tenant's key: nobody pays the pool for it.
                if choice.origin == .pool, let unopened = failures.unopened { throw unopened }
                let secret = choice.origin == .pool ? pool?.secret : request.inline[choice.upstream]
                guard let secret else { throw Self.noKey(for: request, plan, failures) }
                return try await secret.withSpan { secret in try await unsafe body(secret.bytes, choice) }
            }
            let lease: SecretLease
            do throws(VaultError) {
                lease = try await vault.lease(id)
            } catch {
                // The key was deleted or disabled since it was listed, or is damaged, or its master key is missing; or the store
                // has failed meanwhile, and the next key may be cached. Bytes that it cannot read are of one row: the next key may
                // be sound.
                let reason = error.isOfCorruptBytes ? .unreadable(id) : error.reasonToPassOver(id)
                guard let reason else { throw error }
                // A store that is out of reach is so for every key that is not cached.
                facts.passOver(because: error.code == .notFound && facts.isUnlisted ? .storeFailed : reason) {
                    $0 == id || reason == .storeFailed && !vault.isServedWithoutStore($0)
                }
                failures.note(error)
                continue
            }
            let served = choice.serving(id, revision: lease.revision)
            return try await lease.withSpan { secret in try await unsafe body(secret.bytes, served) }
        }
    }

    /// What stood in the way of stored keys.
    private struct Failures {
        /// The one that the caller is told of: an outage before a damaged key before all others.
        private(set) var worst: VaultError?
        /// Why a key was not opened that may well be good.
        private(set) var unopened: VaultError?

        mutating func note(_ error: VaultError) {
            if error.isOfUnopenedRecord {
                unopened = unopened ?? error
            } else if worst.map({ Self.rank($0) <= Self.rank(error) }) ?? true {
                worst = error
            }
        }

        private static func rank(_ error: VaultError) -> Int {
            error.isOutage ? 2 : error.code == .damagedRecord ? 1 : 0
        }
    }

    /// The error of the store where that is the reason; else one that says what was looked at.
    private static func noKey(for request: KeyRequest, _ plan: ResolutionPlan, _ failures: Failures) -> VaultError {
        if let unopened = failures.unopened { return unopened }
        let cause = NoUsableKey(passedOver: plan.passedOver)
        let reasons = plan.passedOver.map(\.description).joined(separator: "; ")
        let message = "No key serves \(request.provider) for \(request.tenant): \(reasons)."
        if let failure = failures.worst, failure.isOutage {
            return VaultError(failure.code, "\(message) \(failure.message)", hint: failure.hint, cause: cause)
        }
        for reason in plan.passedOver {
            switch reason {
            case .disabled:
                return VaultError(.disabled, message, hint: "Enable the key, or put a new one.", cause: cause)
            case .expired: return VaultError(.expired, message, hint: "Put a new key.", cause: cause)
            // One that is gone by now.
            case .unreadable where failures.worst?.code == .notFound: continue
            case .unreadable: return VaultError(.damagedRecord, message, hint: "Put the key again.", cause: cause)
            default: continue
            }
        }
        return VaultError(.notFound, message, hint: "Store a key for \(request.provider).", cause: cause)
    }
}

extension ResolutionFacts {
    fileprivate init(_ request: KeyRequest, pool: KeyResolver.Pool?, operatorPolicy: PoolPolicy, now: Date) {
        self.init(
            provider: request.provider, inline: Set(request.inline.keys),
            pool: pool.map { Pool(upstream: $0.upstream, markup: $0.markup) }, operatorPolicy: operatorPolicy,
            tenantPolicy: request.poolPolicy, now: now)
    }

    /// Passes over those of the keys that could serve so far.
    fileprivate mutating func passOver(because reason: PassedOver, where isPassedOver: (RecordID) -> Bool) {
        func passingOver(_ keys: [StoredKey]) -> [StoredKey] {
            var keys = keys
            for index in keys.indices where keys[index].obstacle(at: now) == nil && isPassedOver(keys[index].id) {
                keys[index].refusal = reason
            }
            return keys
        }
        switch stored {
        case .known(let keys): stored = .known(passingOver(keys))
        case .named(let keys): stored = .named(passingOver(keys))
        case .failed: break
        }
    }

    /// Whether nobody has said that the keys are there.
    fileprivate var isUnlisted: Bool { if case .named = stored { true } else { false } }
}

extension KeyRequest {
    /// The keys that the tenant may have under the default label; their revisions show when they are read.
    fileprivate func unlistedKeys(of providers: [String]) -> [StoredKey] {
        providers.compactMap { try? RecordID(tenant: tenant, provider: $0) }.map { StoredKey(id: $0, revision: 0) }
    }
}

extension VaultError {
    /// Whether the vault could not be reached, so that nothing is known of what it holds.
    fileprivate var isOutage: Bool { code == .store || code == .noVault }

    /// Why a key that was listed is not served, though the next one may be; `nil` where no other would fare better.
    fileprivate func reasonToPassOver(_ id: RecordID) -> PassedOver? {
        switch code {
        case .store, .noVault: .storeFailed
        case .notFound, .damagedRecord, .newerRecord, .missingMasterKey: .unreadable(id)
        case .disabled, .expired: (cause as? NoUsableKey)?.passedOver.first
        default: nil
        }
    }
}
