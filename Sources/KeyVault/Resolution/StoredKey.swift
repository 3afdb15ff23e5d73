package import KeyVaultFormat

package import struct Foundation.Date

/// A stored key, without the key.
package struct StoredKey: Hashable, Sendable {
    package var id: RecordID
    package var revision: UInt64
    package var order: UInt16
    package var state: RecordState
    package var expires: Date?
    /// Whether the record was not opened for want of its master key or of a later release: then nothing is known but its name, and for
    /// the moment only.
    package var isUnknown = false
    /// Why the key is not served, whatever its state says.
    package var refusal: PassedOver?

    package init(id: RecordID, revision: UInt64, order: UInt16 = 0, state: RecordState = .enabled, expires: Date? = nil)
    {
        self.id = id
        self.revision = revision
        self.order = order
        self.state = state
        self.expires = expires
    }

    /// Why it may not be served at `now`; `nil` where it may.
    package func obstacle(at now: Date) -> PassedOver? {
        if let refusal { return refusal }
        return switch Obstacle(state, expires: expires, at: now) {
        case nil: nil
        case .expired: .expired(id)
        case .disabled(let reason, let until): .disabled(id, reason, until: until)
        }
    }
}
