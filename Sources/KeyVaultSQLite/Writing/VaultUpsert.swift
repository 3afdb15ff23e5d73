import KeyVaultStorage

/// The statement that writes the one row of the table `vault`.
struct VaultUpsert {
    private let upsert: Statement

    init(_ connection: Connection) throws(StoreError) {
        upsert = try connection.prepare(
            """
            INSERT INTO vault (singleton, header, generation, revision_floor) VALUES (1, ?1, ?2, ?3)
            ON CONFLICT DO UPDATE SET header = ?1, generation = ?2, revision_floor = ?3
            """)
    }

    func write(_ head: StoreHead) throws(StoreError) {
        upsert.bind(blob: head.header, at: 1)
        upsert.bind(Int64(clamping: head.generation), at: 2)
        upsert.bind(Int64(clamping: head.revisionFloor), at: 3)
        try upsert.run()
    }
}
