import KeyVaultStorage
import TestSupport
import Testing

@Suite struct CrashTests {
    @Test func everyCrashLeavesWhatWasAcknowledged() async throws {
        let wanted = Proof.count("KEYVAULT_STATES", ci: 200_000, proof: 10_000_000)
        // A run that was cut off goes on behind the last seed that it named.
        let first = UInt64(Proof.count("KEYVAULT_SEED", ci: 1, proof: 1))
        var (states, seed, mostUncertain) = (0, first, 0)
        let start = ContinuousClock.now
        while states < wanted {
            // One in four with a compaction of many rows in small pieces: more is unsynced then than all subsets can be tried of.
            let isLarge = seed % 4 == 1
            let workload = try await LogWorkload(
                seed: seed, steps: 16, compactsEvery: isLarge ? 15 : 7, tenants: isLarge ? 12 : 3)
            var enumeration = try CrashEnumeration(
                workload, seed: seed, chunk: isLarge ? 48 : 160, block: 256,
                wantedStates: wanted - states)
            do { try await enumeration.run() } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
            states += enumeration.states
            mostUncertain = max(mostUncertain, enumeration.mostUncertain)
            seed += 1
            if states >= wanted || Proof.isOn && seed.isMultiple(of: 50) {
                let duration = ContinuousClock.now - start
                Proof.report(
                    "\(states) crash states of the workloads \(first) to \(seed - 1), none wrong, in \(duration)")
            }
        }
        if first == 1, wanted >= 200_000 { #expect(mostUncertain > CrashEnumeration.subsetLimit) }
    }
}
