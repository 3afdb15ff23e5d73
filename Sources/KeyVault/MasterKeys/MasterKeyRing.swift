public import KeyVaultCrypto
public import KeyVaultFormat

/// The master keys that a process holds, in order.
///
/// Most vaults have one. During a rotation there are two. All live keys of the vault must be present (else `missingMasterKey`). The
/// first key of the ring that this vault has not retired must be one of them (else `wrongMasterKey`, or `retiredMasterKey` where all
/// are retired).
public struct MasterKeyRing: Sendable {
    /// A reference, because arrays and dictionaries cannot hold values that must not be copied.
    package final class Holder: Sendable {
        package let key: MasterKey
        /// The key's own, at hand.
        let id: MasterKeyID

        init(_ key: consuming MasterKey) {
            id = key.id
            self.key = key
        }
    }

    fileprivate(set) var holders: [Holder]

    /// A ring of one key.
    public init(_ key: consuming MasterKey) { holders = [Holder(key)] }

    /// Adds a key behind the others; one that is there already changes nothing.
    public mutating func add(_ key: consuming MasterKey) {
        add(Holder(key))
    }

    /// Adds the keys of another ring.
    public mutating func add(_ other: MasterKeyRing) {
        for holder in other.holders { add(holder) }
    }

    /// The ids of the keys, in order.
    public var ids: [MasterKeyID] { holders.map(\.id) }

    /// The only one that creating a vault and rotating it look at.
    package var first: Holder { holders[0] }

    subscript(id: MasterKeyID) -> Holder? { holders.first { $0.id == id } }
}

extension MasterKeyRing {
    mutating func add(_ holder: Holder) {
        if self[holder.id] == nil { holders.append(holder) }
    }

    /// The keys of this ring that `ids` names; `nil` where there is none.
    func only(_ ids: [MasterKeyID]) -> MasterKeyRing? {
        var ring = self
        ring.holders.removeAll { !ids.contains($0.id) }
        return ring.holders.isEmpty ? nil : ring
    }
}
