import Foundation
import KeyVaultCrypto
import KeyVaultStorage
import Synchronization

/// Authenticates against a vault, and goes on letting in who was let in before while the vault's store is out of reach, or under a
/// master key that is not to be had: a server whose clients bring keys of their own can then serve them all the same.
///
/// A token that the store says is revoked or expired is forgotten at once; the memory speaks only where the store cannot.
/// The vault's cache alone would not do: its times are what bounds how long a deleted provider key is served, minutes, while
/// who sends a request may be known for longer than that. An outage of half an hour would otherwise turn everybody away.
package final class TokenMemory: Sendable {
    /// A token seen again within this time is not written down again, so that a busy client costs a look-up only.
    private static let refresh: UInt64 = 1_000_000_000

    fileprivate struct Entry {
        var verifier: [UInt8]
        var tenant: String
        var expires: UInt64?
        var verified: UInt64
    }

    private let vault: Vault
    private let limit: UInt64
    private let capacity: Int
    private let entries = Mutex<[String: Entry]>([:])
    /// When those whose time has passed are looked for again, which takes as long as there are many.
    private let nextSweep = Atomic<UInt64>(0)
    /// How often somebody was turned away. What was read before that is not written down after it: it may be the very token.
    private let refusals = Atomic<UInt64>(0)

    /// - Parameters:
    ///   - limit: for how long after its last verification a token is let in without the store. Default: an hour.
    ///   - capacity: how many tokens are remembered at most. Default: 10,000.
    package init(_ vault: Vault, limit: Duration = .seconds(3600), capacity: Int = 10_000) {
        self.vault = vault
        self.limit = limit.clampedNanoseconds
        self.capacity = capacity
    }

    /// As ``Vault/authenticate(_:)``, but for the time of an outage.
    package func authenticate(_ token: String) async throws(VaultError) -> TokenInfo? {
        guard let text = try TokenText(token) else { return nil }
        let before = refusals.load(ordering: .acquiring)
        do throws(VaultError) {
            guard let info = try await vault.authenticate(text) else {
                entries.withLock { entries in
                    refusals.add(1, ordering: .releasing)
                    // Ids are no secret: somebody who knows one and not the token is turned away, and changes nothing.
                    if entries[text.id].map(text.matches) ?? false { entries[text.id] = nil }
                }
                return nil
            }
            remember(text, info, readAfter: before)
            return info
        } catch {
            // A row that cannot be opened for want of a master key is there: one that is gone, as a revoked token's is, was not found.
            // One whose bytes the store cannot read is damaged, which no waiting mends.
            let isOutage = error.isOfUnreachableStore || error.code == .missingMasterKey
            guard isOutage else { throw error }
            guard let info = recall(text) else { throw error }
            return info
        }
    }

    private func remember(_ text: TokenText, _ info: TokenInfo, readAfter refusalsBefore: UInt64) {
        guard let tenant = info.tenant else { return }
        let now = vault.time.monotonic()
        let left = info.expires.map { Duration(clamping: $0.timeIntervalSince(vault.time.date())).clampedNanoseconds }
        entries.withLock { entries in
            guard refusals.load(ordering: .acquiring) == refusalsBefore else { return }
            // Another thread may have noted a later moment than ours.
            if let known = entries[text.id], now < known.verified.advanced(saturatingBy: Self.refresh) { return }
            makeRoom(for: text.id, in: &entries, now: now)
            entries[text.id] = Entry(
                verifier: text.verifier, tenant: tenant, expires: left.map { now.advanced(saturatingBy: $0) },
                verified: now)
        }
    }

    private func makeRoom(for id: String, in entries: inout [String: Entry], now: UInt64) {
        guard entries[id] == nil, entries.count >= capacity else { return }
        if now >= nextSweep.load(ordering: .relaxed) {
            nextSweep.store(now.advanced(saturatingBy: Self.refresh), ordering: .relaxed)
            entries = entries.filter { now < $0.value.verified.advanced(saturatingBy: limit) }
        }
        // Still full: an outage may then cost somebody a 503, which is better than memory without a bound.
        if entries.count >= capacity, let victim = entries.keys.first { entries[victim] = nil }
    }

    private func recall(_ text: TokenText) -> TokenInfo? {
        // Nobody may have asked for it since, so that it is remembered still; or whoever did was slower than the revocation.
        guard !vault.revokedTokens.withLock({ $0.contains(text.id) }) else { return nil }
        let now = vault.time.monotonic()
        guard let entry = entries.withLock({ $0[text.id] }), now < entry.verified.advanced(saturatingBy: limit),
            entry.expires.map({ now < $0 }) ?? true,
            text.matches(entry)
        else { return nil }
        return TokenInfo(id: text.id, tenant: entry.tenant, created: nil, expires: nil)
    }
}

extension TokenText {
    fileprivate func matches(_ entry: TokenMemory.Entry) -> Bool {
        ConstantTime.equal(entry.verifier.span, verifier.span)
    }
}
