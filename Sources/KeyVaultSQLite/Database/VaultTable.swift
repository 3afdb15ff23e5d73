import KeyVaultStorage

/// The one row of the table `vault`: the header, its generation and the revision floor.
struct VaultTable {
    private let select: Statement
    private let path: String

    init(_ connection: Connection) throws(StoreError) {
        path = connection.path
        // An over-long header is not even loaded.
        select = try connection.prepare(
            """
            SELECT CASE WHEN length(header) <= \(StoreHead.maximumHeaderLength) THEN header END, generation, revision_floor, singleton
            FROM vault
            """)
    }

    /// `nil` where no vault was created yet.
    func read() throws(StoreError) -> StoreHead? {
        defer { select.reset() }
        guard try select.step() else { return nil }
        guard let header = select.blob(0), let generation = select.integer(1), let floor = select.integer(2),
            generation >= 0, floor >= 0, select.integer(3) == 1, try !select.step()
        else {
            throw StoreError(.corrupt, "The vault header in \(path) is damaged. Restore a backup.")
        }
        return StoreHead(header: header, generation: UInt64(generation), revisionFloor: UInt64(floor))
    }
}
