import Foundation
import KeyVaultTesting
import Synchronization
import Testing

@testable import KeyVault

@Suite struct RevalidationTests {
    private let validator = StubValidator()
    private let clock = InstantClock()
    private let vault: Vault

    init() async throws {
        vault = try await Vault.create(
            in: MemoryStore(), masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(foreignChangeInterval: .seconds(1_000_000), clock: clock, checks: .off))
    }

    private func put(_ tenant: String, _ provider: String = "groq", ending: String) async throws -> RecordInfo {
        let id = try RecordID(tenant: tenant, provider: provider)
        return try await vault.put(Secret("gsk_" + MadeUpKey.characters(.alphanumeric, 51) + ending), for: id)
    }

    @Test func theVaultsOwnRecordsAreNoKeys() async throws {
        _ = try await vault.createToken(for: "acme")
        await #expect(throws: VaultError(.invalidArgument, "")) {
            try await vault.revalidate(.init(tenant: "_tokens"), with: validator)
        }
        #expect(try await vault.revalidate(with: validator).seen == 0)
    }

    @Test func everyKeyIsMarkedByWhatItsProviderSays() async throws {
        let valid = try await put("a", ending: "v")
        let invalid = try await put("b", ending: "i")
        let unknown = try await put("c", ending: "u")
        let ruleless = try await put("d", "unheard-of", ending: "i")
        let told = Mutex<[RevalidationResult]>([])
        let progress = try await vault.revalidate(.init(concurrency: 1), with: validator) { result, _ in
            told.withLock { $0.append(result) }
        }
        #expect(progress.seen == 4 && progress.live == 1 && progress.invalid == 1 && progress.inconclusive == 2)
        #expect(progress.cursor == ruleless.id)
        #expect(told.withLock { $0.map(\.id) } == [valid.id, invalid.id, unknown.id, ruleless.id])
        #expect(told.withLock { $0.filter(\.wasDisabled).map(\.id) } == [invalid.id])

        let marked = try await vault.metadata(for: invalid.id).metadata
        #expect(marked.verdict == .invalid && marked.state == .disabled(.rejected, until: nil))
        #expect(marked.updated == invalid.metadata.updated && marked.lastValidated == StubValidator.time)
        #expect(try await vault.metadata(for: valid.id).metadata.verdict == .valid)
        #expect(try await vault.metadata(for: unknown.id) == unknown)
        #expect(try await vault.metadata(for: ruleless.id) == ruleless)
    }

    @Test func aKeyThatIsLiveAgainIsEnabledUnlessAPersonDisabledIt() async throws {
        let first = try await put("a", ending: "v")
        let second = try await put("b", ending: "v")
        try await vault.report(.rejected, for: first.id)
        try await vault.disable(second.id)
        try await vault.revalidate(with: validator)
        #expect(try await vault.metadata(for: first.id).metadata.state == .enabled)
        #expect(try await vault.metadata(for: second.id).metadata.state == .disabled(.requested, until: nil))
        #expect(try await vault.revalidate(second.id, with: validator).verdict == .valid)
        try await vault.report(.rateLimited(retryAfter: .seconds(60)), for: first.id)
        try await vault.revalidate(first.id, with: validator)
        #expect(try await vault.metadata(for: first.id).metadata.state == .enabled)
        await #expect(throws: VaultError(.notFound, "")) {
            try await vault.revalidate(RecordID(tenant: "z", provider: "groq"), with: validator)
        }
    }

    @Test func itIsBoundedPacedAndResumable() async throws {
        for number in 0..<600 { _ = try await put("tenant-\(number)", ending: "v") }
        let cursors = Mutex<[RecordID?]>([])
        var options = RevalidationOptions(concurrency: 5, pace: .milliseconds(10))
        let before = clock.now
        let progress = try await vault.revalidate(options, with: validator) { _, progress in
            cursors.withLock { $0.append(progress.cursor) }
        }
        #expect(progress.seen == 600 && progress.live == 600)
        #expect(validator.calls.mostRunning <= 5)
        #expect(before.duration(to: clock.now) >= .milliseconds(10 * 599))
        // Three pages, and each names the end of the one before.
        #expect(Set(cursors.withLock { $0 }).count == 3)

        options.after = try #require(cursors.withLock { $0.last } ?? nil)
        #expect(try await vault.revalidate(options, with: validator).seen == 600 - 512)
        #expect(try await vault.revalidate(.init(tenant: "tenant-7"), with: validator).seen == 1)
    }

    /// This once never began.
    @Test func moreChecksAtOnceThanThereAreKeysAreNoMore() async throws {
        _ = try await put("a", ending: "v")
        #expect(try await vault.revalidate(.init(concurrency: .max), with: validator).live == 1)
    }

    /// This once ended the process.
    @Test func aPaceBeyondAllClocksIsOne() async {
        let pace = ProviderPace(
            interval: .seconds(Int64.max), time: TimeSource(clock: clock, date: { StubValidator.time }))
        let turns = Task {
            // The task itself, which is there while this runs. Nobody waits for a turn, and each is given out.
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            for _ in 0..<40 { try? await pace.turn(at: "groq") }
        }
        await turns.value
        await pace.pause("groq", for: .seconds(Int64.max))
        #expect(clock.now.offset == .zero)
    }

    @Test func aProviderThatAsksForAPauseGetsIt() async throws {
        let time = TimeSource(clock: clock, date: { StubValidator.time })
        let pace = ProviderPace(interval: .milliseconds(10), time: time)
        try await pace.turn(at: "groq")
        #expect(clock.now.offset == .zero)
        await pace.pause("groq", for: .seconds(5))
        try await pace.turn(at: "xai")
        #expect(clock.now.offset == .zero)
        try await pace.turn(at: "groq")
        #expect(clock.now.offset == .seconds(5))
        try await pace.turn(at: "groq")
        #expect(clock.now.offset == .seconds(5) + .milliseconds(10))
        // A shorter wish shortens none.
        await pace.pause("groq", for: .seconds(5))
        await pace.pause("groq", for: .seconds(1))
        try await pace.turn(at: "groq")
        #expect(clock.now.offset == .seconds(10) + .milliseconds(10))
        // A run must end, whatever a provider wishes.
        await pace.pause("groq", for: .seconds(1_000_000))
        try await pace.turn(at: "groq")
        #expect(clock.now.offset <= .seconds(71))
    }

    /// It is asked for while somebody else waits for a turn that was given out before.
    @Test func aPauseIsForThoseWhoWaitAlready() async throws {
        let clock = InterruptedClock()
        let pace = ProviderPace(
            interval: .milliseconds(10), time: TimeSource(clock: clock, date: { StubValidator.time }))
        try await pace.turn(at: "groq")
        clock.interruption.withLock { $0 = { await pace.pause("groq", for: .seconds(5)) } }
        try await pace.turn(at: "groq")
        #expect(clock.now.offset == .seconds(5))
        // Behind it, turns are spaced out as before.
        try await pace.turn(at: "groq")
        #expect(clock.now.offset == .seconds(5) + .milliseconds(10))
    }

    /// Though nobody has to wait for it.
    @Test func aTurnIsNotGivenToWhoWasCancelled() async {
        let pace = ProviderPace(
            interval: .zero, time: TimeSource(clock: clock, date: { StubValidator.time }))
        let turn = Task {
            // The task itself, which is there while this runs.
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            try await pace.turn(at: "groq")
        }
        await #expect(throws: CancellationError.self) { try await turn.value }
    }

    @Test func aPauseThatIsOverDelaysNobody() async throws {
        let time = TimeSource(clock: clock, date: { StubValidator.time })
        let pace = ProviderPace(interval: .zero, time: time)
        await pace.pause("groq", for: .seconds(-5))
        try await pace.turn(at: "groq")
        #expect(clock.now.offset == .zero)
        // One that nobody has asked yet.
        await pace.pause("xai", for: .seconds(5))
        try await pace.turn(at: "xai")
        #expect(clock.now.offset == .seconds(5))
    }

    @Test func aProviderThatIsAskedTooOftenIsLeftAloneForAsLongAsItSays() async throws {
        let configuration = VaultConfiguration(
            foreignChangeInterval: .seconds(1_000_000), clock: clock, date: { StubValidator.time }, checks: .off)
        let vault = try await Vault.create(
            in: MemoryStore(), masterKey: MasterKeyRing(try MasterKey.random()), configuration: configuration)
        // What the first key is told holds for the second one.
        let told = ScriptedValidator { secret in
            secret == "first"
                ? Validation(
                    verdict: .rateLimited, time: StubValidator.time, reason: "Too many.",
                    retryAfter: StubValidator.time + 30)
                : Validation(verdict: .valid, time: StubValidator.time, reason: "Fine.")
        }
        for (tenant, secret) in [("a", "first"), ("b", "second")] {
            _ = try await vault.putUnchecked([PutRequest(RecordID(tenant: tenant, provider: "groq"), Secret(secret))])
        }
        let progress = try await vault.revalidate(.init(concurrency: 1, pace: .zero), with: told)
        #expect(progress.live == 1 && progress.inconclusive == 1)
        #expect(clock.now.offset == .seconds(30))
    }

    @Test func anAnswerThatComesAfterACancellationChangesNothing() async throws {
        let info = try await put("a", ending: "i")
        let asked = AsyncStream.makeStream(of: Void.self)
        let late = ScriptedValidator { _ in
            asked.continuation.finish()
            while !Task.isCancelled { await Task.yield() }
            return Validation(verdict: .invalid, time: StubValidator.time, reason: "Refused.")
        }
        let told = AsyncStream.makeStream(of: RevalidationResult.self)
        let task = Task { try await vault.revalidate(with: late) { result, _ in told.continuation.yield(result) } }
        for await _ in asked.stream {}
        task.cancel()
        await #expect(throws: VaultError(.cancelled, "")) { try await task.value }
        told.continuation.finish()
        for await result in told.stream { Issue.record("\(result.id) was reported.") }
        #expect(try await vault.metadata(for: info.id) == info)
    }

    @Test func aKeyThatIsPutWhileTheOldOneIsCheckedIsAnotherOne() async throws {
        let info = try await put("a", ending: "i")
        let vault = vault
        let slow = ScriptedValidator { _ in
            _ = try? await vault.putUnchecked([PutRequest(info.id, Secret("another"))])
            return Validation(verdict: .invalid, time: StubValidator.time, reason: "Refused.")
        }
        let results = Mutex<[RevalidationResult]>([])
        let progress = try await vault.revalidate(with: slow) { result, _ in results.withLock { $0.append(result) } }
        #expect(progress.seen == 1 && progress.invalid == 0)
        #expect(results.withLock { $0 } == [.init(id: info.id, validation: nil, wasDisabled: false)])
        let now = try await vault.metadata(for: info.id)
        #expect(now.revision == 2 && now.metadata.state == .enabled && now.metadata.verdict == .unverified)
    }

    /// A mark is a new revision of the same key.
    @Test(arguments: [true, false]) func aKeyThatIsMarkedWhileItIsCheckedIsTheSame(alone: Bool) async throws {
        let info = try await put("a", ending: "i")
        let vault = vault
        let slow = ScriptedValidator { _ in
            _ = try? await vault.report(.rateLimited(retryAfter: .seconds(1)), for: info.id)
            return Validation(verdict: .invalid, time: StubValidator.time, reason: "Refused.")
        }
        if alone {
            try await vault.revalidate(info.id, with: slow)
        } else {
            #expect(try await vault.revalidate(with: slow).invalid == 1)
        }
        let now = try await vault.metadata(for: info.id).metadata
        #expect(now.state == .disabled(.rejected, until: nil) && now.verdict == .invalid)
    }

    /// What was noted meanwhile may be newer than what the check was told.
    @Test func thatAKeyIsLiveUndoesNoRefusalThatWasNotedMeanwhile() async throws {
        let info = try await put("a", ending: "v")
        let vault = vault
        let slow = ScriptedValidator { _ in
            _ = try? await vault.report(.rejected, for: info.id)
            return Validation(verdict: .valid, time: StubValidator.time, reason: "Fine.")
        }
        try await vault.revalidate(info.id, with: slow)
        #expect(try await vault.metadata(for: info.id).metadata.state == .disabled(.rejected, until: nil))
    }

    @Test func aKeyThatIsMarkedBeforeItsTurnIsCheckedAllTheSame() async throws {
        _ = try await put("a", ending: "v")
        let second = try await put("b", ending: "i")
        let vault = vault
        let told = ScriptedValidator { secret in
            if secret.hasSuffix("i") {
                return Validation(verdict: .invalid, time: StubValidator.time, reason: "Refused.")
            }
            _ = try? await vault.report(.rateLimited(retryAfter: .seconds(1)), for: second.id)
            return Validation(verdict: .valid, time: StubValidator.time, reason: "Fine.")
        }
        let progress = try await vault.revalidate(.init(concurrency: 1, pace: .zero), with: told)
        #expect(progress.live == 1 && progress.invalid == 1)
    }

    @Test(arguments: [Double.infinity, -.infinity, .nan, 1e300])
    func aPauseUntilNoTimeAtAllEndsNoProcess(_ seconds: Double) async throws {
        _ = try await put("a", ending: "u")
        let told = ScriptedValidator { _ in
            Validation(
                verdict: .rateLimited, time: StubValidator.time, reason: "Too many.",
                retryAfter: Date(timeIntervalSince1970: seconds))
        }
        #expect(try await vault.revalidate(with: told).inconclusive == 1)
    }

    @Test func ofOneKeyTooTheAnswerIsOfTheKeyThatWasAskedAbout() async throws {
        let info = try await put("a", ending: "i")
        let vault = vault
        let slow = ScriptedValidator { _ in
            _ = try? await vault.putUnchecked([PutRequest(info.id, Secret("another"))])
            return Validation(verdict: .invalid, time: StubValidator.time, reason: "Refused.")
        }
        #expect(try await vault.revalidate(info.id, with: slow).verdict == .invalid)
        let now = try await vault.metadata(for: info.id)
        #expect(now.revision == 2 && now.metadata.state == .enabled && now.metadata.verdict == .unverified)
    }

    /// What it was replaced with is asked about: it is the tenant's key now.
    @Test func whatWasDeletedOrReplacedSinceThePageWasReadIsSentToNobody() async throws {
        let infos = [try await put("a", ending: "v"), try await put("b", ending: "v"), try await put("c", ending: "v")]
        let vault = vault
        let asked = Mutex<[String]>([])
        let slow = ScriptedValidator { secret in
            asked.withLock { $0.append(secret) }
            if secret != "another" {
                _ = try? await vault.delete(infos[1].id)
                _ = try? await vault.putUnchecked([PutRequest(infos[2].id, Secret("another"))])
            }
            return Validation(verdict: .valid, time: StubValidator.time, reason: "Fine.")
        }
        let progress = try await vault.revalidate(.init(concurrency: 1), with: slow)
        #expect(asked.withLock { $0.count == 2 && $0.last == "another" })
        #expect(progress.seen == 3 && progress.live == 2 && progress.inconclusive == 1)
    }

    /// Whoever is told nothing takes a disk that is full for keys of which nothing was found out.
    @Test(arguments: [FaultInjectingStore.Operation.read, .write])
    func aFailureOfTheStoreEndsTheRun(_ operation: FaultInjectingStore.Operation) async throws {
        let store = FaultInjectingStore(MemoryStore())
        let vault = try await Vault.create(
            in: store, masterKey: MasterKeyRing(try MasterKey.random()),
            configuration: VaultConfiguration(foreignChangeInterval: .seconds(1_000_000), clock: clock, checks: .off))
        for tenant in ["a", "b", "c"] {
            _ = try await vault.putUnchecked([PutRequest(RecordID(tenant: tenant, provider: "groq"), Secret("v"))])
        }
        store.fail(operation, with: StoreError(.full, "The disk is full."))
        let told = Mutex(0)
        await #expect(throws: VaultError(.store, "")) {
            try await vault.revalidate(.init(concurrency: 1), with: validator) { _, _ in told.withLock { $0 += 1 } }
        }
        #expect(told.withLock { $0 } == 0 && validator.calls.calls <= 1)
        #expect(try await vault.revalidate(with: validator).live == 3)
    }

    @Test func whatCannotBeCheckedIsRefused() async throws {
        let id = try await put("a", "unheard-of", ending: "v").id
        let error = await #expect(throws: VaultError.self) { try await vault.revalidate(id, with: validator) }
        #expect(error?.code == .invalidArgument)
        #expect(error?.hint?.contains("groq") == true)
        await #expect(throws: VaultError(.invalidArgument, "")) {
            try await vault.revalidate(.init(tenant: "a/b"), with: validator)
        }
        #expect(validator.calls.calls == 0)
    }

    @Test func cancellationStopsItAndASecondRunGoesOn() async throws {
        for number in 0..<20 { _ = try await put("tenant-\(number)", ending: "v") }
        let task = Task {
            try await vault.revalidate(.init(concurrency: 1), with: validator) { _, progress in
                if progress.seen == 3 { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
            }
        }
        await #expect(throws: VaultError(.cancelled, "")) { try await task.value }
        #expect(try await vault.revalidate(with: validator).seen == 20)
    }
}

/// Answers as its script says.
private struct ScriptedValidator: ProviderValidator {
    let script: @Sendable (String) async -> Validation

    func validate(_ secret: RawSpan, of provider: Provider) async -> Validation {
        await script(unsafe secret.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) })
    }
}

/// As an ``InstantClock``, but something happens during the first sleep.
private final class InterruptedClock: Clock {
    let interruption = Mutex<(@Sendable () async -> Void)?>(nil)
    private let base = InstantClock()

    var now: InstantClock.Instant { base.now }
    var minimumResolution: Duration { .zero }

    func sleep(until deadline: InstantClock.Instant, tolerance: Duration?) async throws {
        let interrupt = interruption.withLock { interruption in
            defer { interruption = nil }
            return interruption
        }
        await interrupt?()
        try await base.sleep(until: deadline, tolerance: tolerance)
    }
}
