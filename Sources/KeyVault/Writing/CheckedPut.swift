import KeyVaultFormat

import struct Foundation.Date

/// A key that may be stored, and what the checks said of it.
struct CheckedPut: Sendable {
    var request: PutRequest
    var verdict = Verdict.unverified
    /// When the provider said so; `nil` where it did not.
    var validated: Date?
    var warnings: [KeyWarning] = []
    /// The earlier revision that the key was read from: it has to be kept still when the key is stored.
    var source: RecordKey?

    init(_ request: PutRequest) { self.request = request }
}
