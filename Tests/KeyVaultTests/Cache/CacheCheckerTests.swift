import Foundation
import KeyVaultCrypto
import KeyVaultFormat
import Synchronization
import TestSupport
import Testing

@testable import KeyVault

/// Eight tasks read, write, delete and purge few records at random, and nobody may get what was replaced before he asked.
@Suite struct CacheCheckerTests {
    /// A million with `KEYVAULT_PROOF` set, also under the thread sanitizer.
    private static let operations =
        ProcessInfo.processInfo.environment["KEYVAULT_PROOF"] == nil ? 80_000 : 1_000_000
    private static let tasks = 8

    @Test func nobodyGetsWhatWasReplaced() async throws {
        // Little room, so that entries are evicted too; stale entries may be served, but never a replaced one.
        let fixture = try CacheFixture(
            CacheConfiguration(
                negativeTimeToLive: .seconds(60), maximumEntries: 24, staleOnStoreError: .seconds(300)))
        let records = (0..<32).map { CheckedRecord(id: .numbered($0, tenant: "tenant\($0 % 4)")) }
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<Self.tasks {
                group.addTask {
                    var random = SplitMix64(seed: UInt64(task + 1))
                    for _ in 0..<(Self.operations / Self.tasks) { await operate(fixture, records, &random) }
                }
            }
        }
        let statistics = fixture.cache.statistics
        #expect(statistics.entries <= 24)
        #expect(statistics.hits > 0 && statistics.evictions > 0 && statistics.staleServes > 0)
    }

    private func operate(_ fixture: CacheFixture, _ records: [CheckedRecord], _ random: inout SplitMix64) async {
        let cache = fixture.cache
        let record = records[Int.random(in: 0..<records.count, using: &random)]
        switch Int.random(in: 0..<1000, using: &random) {
        case 0: cache.invalidateAll()
        case 1..<5: cache.invalidate(tenant: record.id.tenant)
        case 5..<15: fixture.clock.step(.seconds(Int.random(in: 0..<200, using: &random)))
        case 15..<16: fixture.clock.step(.seconds(-100))
        case 16..<140:
            let version = record.write()
            cache.invalidate(record.id)
            record.acknowledge(version)
        default: await read(record, cache, fails: Int.random(in: 0..<20, using: &random) == 0)
        }
    }

    private func read(_ record: CheckedRecord, _ cache: SecretCache, fails: Bool) async {
        let floor = record.acknowledged
        do {
            // As a vault does.
            let known = try VaultError.wrap { () throws(CryptoError) in try cache.lookup(record.id) }
            let answer: Answer
            switch consume known {
            case .some(let found): answer = Answer(found)
            case .none:
                answer = Answer(
                    try await cache.read(record.id) { () async throws(VaultError) in
                        await Task.yield()
                        if fails { throw VaultError(.store, "The store is gone.") }
                        let version = record.stored
                        await Task.yield()
                        return try CacheFixture.fill(CheckedRecord.answer(version))
                    })
            }
            let version = answer.version
            if let version {
                #expect(version >= floor)
            } else {
                // An absent record does not say which of its versions it is: one since the floor must be absent.
                #expect(record.stored >= CheckedRecord.nextAbsent(from: floor))
            }
        } catch {
            #expect(error == VaultError(.store, ""))
        }
    }
}

/// A record whose every third version is an absence.
private final class CheckedRecord: Sendable {
    let id: RecordID
    private let current = Atomic<UInt64>(1)
    private let confirmed = Atomic<UInt64>(1)

    init(id: RecordID) { self.id = id }

    var stored: UInt64 { current.load(ordering: .sequentiallyConsistent) }
    var acknowledged: UInt64 { confirmed.load(ordering: .sequentiallyConsistent) }

    func write() -> UInt64 { current.add(1, ordering: .sequentiallyConsistent).newValue }
    func acknowledge(_ version: UInt64) { _ = confirmed.max(version, ordering: .sequentiallyConsistent) }

    static func answer(_ version: UInt64) -> Answer {
        version % 3 == 0 ? .absent : .secret("version \(version)", version)
    }

    static func nextAbsent(from version: UInt64) -> UInt64 { (version + 2) / 3 * 3 }
}

extension Answer {
    /// The version that it is of, where it can be told.
    fileprivate var version: UInt64? {
        guard case .secret(let text, let revision) = self else { return nil }
        return text == "version \(revision)" ? revision : 0
    }
}
