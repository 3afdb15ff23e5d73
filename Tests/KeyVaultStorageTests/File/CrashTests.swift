import Foundation
import KeyVaultStorage
import KeyVaultTesting
import Testing

/// The long form of the proofs: KEYVAULT_PROOF=1.
let isProof = ProcessInfo.processInfo.environment["KEYVAULT_PROOF"] != nil

@Suite struct CrashTests {
    @Test func everyCrashLeavesWhatWasAcknowledged() async throws {
        let wanted = isProof ? 10_000_000 : 200_000
        var (states, seed) = (0, UInt64(1))
        let start = ContinuousClock.now
        while states < wanted {
            let workload = try await LogWorkload(seed: seed, steps: 16)
            var enumeration = try CrashEnumeration(
                workload, seed: seed, chunk: seed.isMultiple(of: 4) ? 48 : 160, wantedStates: wanted - states)
            do { try enumeration.run() } catch {
                Issue.record("seed \(seed): \(error)")
                return
            }
            states += enumeration.states
            seed += 1
        }
        print("\(states) crash states of \(seed - 1) workloads in \(ContinuousClock.now - start)")
    }
}
