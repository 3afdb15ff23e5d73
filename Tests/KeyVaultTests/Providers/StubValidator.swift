import Foundation
import KeyVault
import Synchronization

/// Answers by the last letter of the key, counts its calls, and remembers how many were under way at once.
final class StubValidator: ProviderValidator {
    static let time = Date(timeIntervalSince1970: 1_790_000_000)

    struct Log {
        var calls = 0
        var running = 0
        var mostRunning = 0
    }

    private let log = Mutex(Log())

    var calls: Log { log.withLock { $0 } }

    func validate(_ secret: RawSpan, of provider: Provider) async -> Validation {
        // Any byte is a `UInt8`, and no stored secret is empty.
        let last = unsafe secret.unsafeLoad(fromByteOffset: secret.byteCount - 1, as: UInt8.self)
        log.withLock {
            $0.calls += 1
            $0.running += 1
            $0.mostRunning = max($0.mostRunning, $0.running)
        }
        for _ in 0..<3 { await Task.yield() }
        log.withLock { $0.running -= 1 }
        let verdict = Verdict.allCases.first { "\($0)".utf8.first == last } ?? .valid
        return Validation(
            verdict: verdict, time: Self.time, reason: "\(provider.displayName) says \(verdict).",
            retryAfter: verdict == .rateLimited ? Self.time + 30 : nil)
    }
}

/// A clock on which waiting takes no time: it moves on by as much as anybody sleeps. Who sleeps for a day or more waits until
/// cancelled: that is what a vault's own watch does here.
final class InstantClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration

        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (left: Instant, right: Instant) -> Bool { left.offset < right.offset }
    }

    private let offset = Mutex(Duration.zero)

    var now: Instant { Instant(offset: offset.withLock { $0 }) }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        if now.duration(to: deadline) >= .seconds(86400) { return try await Task.sleep(for: .seconds(86400)) }
        offset.withLock { $0 = max($0, deadline.offset) }
        // Whoever sleeps again and again lets others have the thread.
        await Task.yield()
    }
}
