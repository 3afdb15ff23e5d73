/// Reads that the cache answers.
enum HitCases {
    static func register(full: Bool) {
        for (name, records) in [("1", 1), ("1k", 1000), ("100k", 100_000), ("1m", 1_000_000)] {
            hit("hit/\(name)") { try await HitFixture(records: records) }
        }
        PairedCase(
            name: "hit/1k/2-threads", turns: 40, comparison: .rate, setUp: { try await HitFixture(records: 1000) },
            subject: { try await $0.hit(threads: 2, measure) }, floor: { try await $0.hit(threads: 1, measure) }
        ).register()
        // What the two threads cost each other: processor time, where the throughput depends on what the machine really has.
        PairedCase(
            name: "hit/1k/2-threads/cpu", turns: 40, setUp: { try await HitFixture(records: 1000) },
            subject: { try await $0.hit(threads: 2, measureComputing) },
            floor: { try await $0.hit(threads: 1, measureComputing) }
        ).register()
        // The floor is the same with a closure that is not async.
        PairedCase(
            name: "hit/1k/async", turns: 40, setUp: { try await HitFixture(records: 1000) },
            subject: { fixture in try await fixture.measureReads { try await fixture.hitWithAsyncClosure($0) } },
            floor: { fixture in try await fixture.measureReads { try await fixture.hit($0) } }
        ).register()
        // Bytes rather than nanoseconds, over the 320 that an entry may take.
        PairedCase(
            name: "memory/entry", turns: 1, setUp: { try await HitFixture(records: 200_000) },
            subject: { Double($0.cacheBytes) / 200_000 }, floor: { _ in 320 }
        ).register()
        guard full else { return }
        hit("hit/1k/4-KiB") { try await HitFixture(records: 1000, secretLength: 4096) }
        PairedCase(
            name: "hit/1k/4-threads", comparison: .rate, setUp: { try await HitFixture(records: 1000) },
            subject: { try await $0.hit(threads: 4, measure) }, floor: { try await $0.hit(threads: 1, measure) }
        ).register()
        PairedCase(
            name: "hit/negative", turns: 40, setUp: { try await HitFixture(records: 1000, secretLength: 0) },
            subject: { fixture in try await fixture.measureReads { try await fixture.missing($0) } },
            floor: { fixture in try await fixture.measureReads { try fixture.openInC($0) } }
        ).register()
    }

    private static func hit(_ name: String, _ setUp: @escaping @Sendable () async throws -> HitFixture) {
        PairedCase(
            name: name, turns: 60, setUp: setUp,
            subject: { fixture in try await fixture.measureReads { try await fixture.hit($0) } },
            floor: { fixture in try await fixture.measureReads { try fixture.openInC($0) } }
        ).register()
    }
}
