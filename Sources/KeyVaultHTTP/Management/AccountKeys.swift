import KeyVault

/// What an account has stored, without the keys, at one moment.
struct AccountKeys {
    let entries: [ListEntry]

    static func read(_ vault: Vault, tenant: String) async throws(VaultError) -> AccountKeys {
        var entries: [ListEntry] = []
        var cursor: RecordID?
        repeat {
            let page = try await vault.list(tenant: tenant, after: cursor, limit: 1000)
            entries += page.entries
            cursor = page.next
        } while cursor != nil
        return AccountKeys(entries: entries)
    }

    /// Names are the same when their bytes are (SPEC.md section 2), which those of equal strings need not be.
    func entries(of provider: String) -> [ListEntry] {
        entries.filter { $0.id.provider.utf8.elementsEqual(provider.utf8) }
    }

    /// The revision to expect of a key: 0 where it is not stored.
    func revision(of id: RecordID) -> UInt64 { entries.first { $0.id == id }?.revision ?? 0 }

    /// Changes with every change of any of the account's keys (FNV-1a; nobody gains by a collision in their own account).
    var entityTag: String {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for entry in entries {
            for byte in "\(entry.id):\(entry.revision);".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        }
        return "\"\(String(hash, radix: 16))\""
    }
}
