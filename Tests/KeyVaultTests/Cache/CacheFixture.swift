import Foundation
import KeyVaultCrypto
import KeyVaultFormat
import KeyVaultStorage

@testable import KeyVault

/// A clock that stands still until it is told otherwise.
final class SteppingClock: Clock, Sendable {
    struct Instant: InstantProtocol {
        var sinceStart: Duration

        func advanced(by duration: Duration) -> Instant { Instant(sinceStart: sinceStart + duration) }
        func duration(to other: Instant) -> Duration { other.sinceStart - sinceStart }
        static func < (left: Instant, right: Instant) -> Bool { left.sinceStart < right.sinceStart }
    }

    private let time = TracedMutex(Instant(sinceStart: .zero))

    var now: Instant { time.withLock { $0 } }
    var minimumResolution: Duration { .nanoseconds(1) }
    func sleep(until deadline: Instant, tolerance: Duration?) async throws {}

    /// Forwards, or backwards.
    func step(_ duration: Duration) { time.withLock { $0 = $0.advanced(by: duration) } }
}

/// A cache on a clock of its own, and short ways to use it.
struct CacheFixture {
    let clock = SteppingClock()
    let cache: SecretCache

    init(_ configuration: CacheConfiguration = CacheConfiguration(), fillsPerKey: UInt64 = 1 << 32) throws {
        let clock = clock
        // So that there is room to go back to.
        let time = TimeSource(clock: clock, date: { Date(timeIntervalSince1970: 0) })
        clock.step(.seconds(10_000))
        cache = try SecretCache(configuration, time: time, fillsPerKey: fillsPerKey)
    }

    /// Reads through the cache; `stored` is what the store holds.
    func read(_ id: RecordID, stored: Answer, lifetime: Duration? = nil) async throws(VaultError) -> Answer {
        Answer(
            try await cache.read(id) { () async throws(VaultError) in try Self.fill(stored, lifetime: lifetime) })
    }

    func lookup(_ id: RecordID) throws(CryptoError) -> Answer? {
        switch try cache.lookup(id) {
        case .none: nil
        case .some(let found): Answer(found)
        }
    }

    static func fill(_ stored: Answer, lifetime: Duration? = nil) throws(VaultError) -> CacheFill {
        switch stored {
        case .absent: return .absent
        case .secret(let text, let revision):
            let bytes = Array(text.utf8)
            let guarded = try VaultError.wrap { () throws(CryptoError) in try GuardedBytes(copying: bytes.span) }
            return .secret(SecretLease(guarded, secret: 0..<bytes.count, revision: revision), lifetime: lifetime)
        }
    }
}

/// What a read gave, as a value that can be compared.
enum Answer: Equatable {
    case absent
    case secret(String, UInt64)

    init(_ found: consuming CachedSecret) {
        switch consume found {
        case .absent: self = .absent
        case .secret(let lease):
            let bytes = lease.withSpan { span in span.indices.map { span[$0] } }
            self = .secret(String(decoding: bytes, as: UTF8.self), lease.revision)
        }
    }
}

extension RecordID {
    static func numbered(_ number: Int, tenant: String = "acme") -> RecordID {
        do { return try RecordID(tenant: tenant, provider: "p\(number)") } catch { fatalError("\(error)") }
    }
}
