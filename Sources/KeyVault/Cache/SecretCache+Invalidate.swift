package import KeyVaultFormat

extension SecretCache {
    /// Forgets a record. Nobody who asks from now on gets what was read before.
    ///
    /// Call it when a write of the record has ended, even with an error: it may have happened all the same.
    package func invalidate(_ id: RecordID) {
        let hash = Self.hash(id)
        shards.withShard(of: hash) { $0.invalidate(id, hash) }
    }

    /// Forgets all records of a tenant.
    package func invalidate(tenant: String) {
        let name = Array(tenant.utf8)
        let hash = tenantHash(name.span)
        for index in 0..<ShardTable.count {
            shards.withShard(index) { $0.invalidate(tenant: name, hash: hash) }
        }
    }

    /// Forgets everything.
    package func invalidateAll() {
        for index in 0..<ShardTable.count { shards.withShard(index) { $0.invalidateAll() } }
    }

    static func hash(_ id: RecordID) -> UInt64 { UInt64(bitPattern: Int64(id.hash)) }
}
