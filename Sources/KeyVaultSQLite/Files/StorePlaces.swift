import KeyVaultStorage

/// The places of the files that everybody who has a store open must have in common: the database, the lock, the log and the
/// shared memory.
///
/// SQLite notices none of them going. It writes on to what nobody else can find, or beside what others have made anew, and
/// what it acknowledges then is lost.
struct StorePlaces: Sendable {
    /// Of the database.
    let path: String
    private let places: [FilePlace]

    /// Of a database that a connection has read from: from then on its log and its shared memory are there, and stay.
    init(database path: String, lock: FilePlace) throws(StoreError) {
        self.path = path
        places = [
            try FilePlace(path), lock, try FilePlace(path + "-wal"), try FilePlace(path + "-shm"),
        ]
    }

    /// Refuses to go on where one of them was moved, deleted or replaced.
    func check() throws(StoreError) {
        for place in places { try place.check() }
    }
}
