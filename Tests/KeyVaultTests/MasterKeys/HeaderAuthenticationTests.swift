import Foundation
import Testing

@testable import KeyVault

@Suite struct HeaderAuthenticationTests {
    private func head(_ bytes: [UInt8], generation: UInt64 = 3) -> StoreHead {
        StoreHead(header: bytes, generation: generation, revisionFloor: 0)
    }

    private func sample() throws -> HeaderSample {
        try HeaderSample(
            "two live keys, one retired",
            keys: [VectorKeys.oldMasterKey, VectorKeys.masterKey, VectorKeys.newMasterKey],
            active: 1, retired: [0]
        ) {
            $0.generation = 3
        }
    }

    @Test func everyChangedBitIsRefused() throws {
        let sample = try sample()
        let (bytes, ring) = (try sample.bytes, try HeaderSample.ring(sample.masterKeys))
        #expect(try ring.verify(head(bytes)) == sample.header)
        for bit in 0..<(bytes.count * 8) {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(throws: VaultError.self) { try ring.verify(head(changed)) }
        }
        for count in bytes.indices {
            #expect(throws: VaultError(.damagedHeader, "")) { try ring.verify(head(Array(bytes[..<count]))) }
        }
        #expect(throws: VaultError(.damagedHeader, "")) { try ring.verify(head(bytes + [0])) }
        #expect(throws: VaultError(.damagedHeader, "")) { try ring.verify(head(bytes, generation: 4)) }
    }

    @Test func itTakesEveryLiveKey() throws {
        let sample = try sample()
        let bytes = try sample.bytes
        for key in sample.masterKeys {
            #expect(throws: VaultError(.missingMasterKey, "")) {
                try HeaderSample.ring([key]).verify(head(bytes))
            }
            #expect(throws: VaultError(.missingMasterKey, "")) {
                try HeaderSample.ring([key]).authenticate(sample.header)
            }
        }
        let wrong = #expect(throws: VaultError.self) {
            try HeaderSample.ring([VectorKeys.bytes(32, seed: 9)]).verify(head(bytes))
        }
        #expect(wrong == VaultError(.wrongMasterKey, "") && wrong?.hint?.hasPrefix("Give the key") == true)
        #expect(throws: VaultError(.retiredMasterKey, "")) {
            try HeaderSample.ring([VectorKeys.oldMasterKey]).verify(head(bytes))
        }
    }

    @Test func aHeaderThatOnlyAStolenOldKeyVouchesForIsRefused() throws {
        // Retired here; the thief makes it the only live key again.
        let forged = try HeaderSample("", keys: [VectorKeys.oldMasterKey]) { $0.generation = 9 }
        let error = #expect(throws: VaultError.self) {
            try HeaderSample.ring([VectorKeys.masterKey, VectorKeys.oldMasterKey]).verify(
                head(forged.bytes, generation: 9))
        }
        // Nobody is told to trust the old key without a word of what that means.
        #expect(error == VaultError(.wrongMasterKey, "") && error?.hint?.contains("an older one") == true)
    }
}
