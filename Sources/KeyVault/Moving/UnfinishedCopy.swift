import KeyVaultFormat
import KeyVaultStorage

/// What a copy carries in the place of its header until it is complete (SPEC.md section 6): no vault header, so nobody can open it.
struct UnfinishedCopy {
    private static let magic = Array("KVCP".utf8)

    let header: [UInt8]

    init(of id: VaultID) { header = Self.magic + id.bytes }

    /// Whether a store holds one, of whatever vault.
    static func isHeld(by head: StoreHead) -> Bool { head.header.starts(with: magic) }
}
