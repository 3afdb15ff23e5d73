public import KeyVaultFormat

/// Where sealed bytes are kept.
///
/// A store holds three things: the vault header (opaque bytes and a generation), the rows (opaque sealed bytes under a
/// ``RecordKey``), and a revision floor. It never sees a key and never interprets sealed bytes, but for the commitment that
/// a precondition may compare. `KeyVaultTesting` holds the suite that checks what this page asks.
///
/// What an implementation owes:
///
/// - **Durable.** ``write(_:)`` returns only when the batch survives a crash of the process and of the machine. A batch that
///   was not acknowledged is wholly there or wholly absent.
/// - **Atomic.** Every precondition of a batch is checked, and all of its changes are applied, at one point in time that no
///   other writer, in this process or another, can fall into. If one change is refused, none is applied.
/// - **Current.** A ``read(_:)`` that begins after a ``write(_:)`` of this store has returned sees that write.
/// - **No number twice.** Deleting the current row raises the ``StoreHead/revisionFloor`` to at least its revision; a row
///   whose id is absent is inserted only above the floor. Together they keep a revision of one id from ever being used again.
/// - **Bytes.** Names are compared and ordered by their bytes (``RecordID`` does so), never by a locale or a normal form.
/// - **Bounded.** ``WriteBatch/checkLimits()`` says what no store takes (`invalid`).
/// - **Not in the way.** No call blocks a thread of the cooperative pool for a disk flush. A cancelled ``write(_:)`` either
///   throws `cancelled` and has not happened, or returns and has.
/// - **Closed once.** After ``close()`` every call throws ``StoreError`` `closed`; a second `close()` does nothing.
public protocol RecordStore: Sendable {
    /// What people call this kind of store, such as `sqlite`. It names a dimension of a metric: a handful of values in all.
    var kind: String { get }

    /// The header, its generation and the revision floor; `nil` where no vault has been created yet.
    func readHead() async throws(StoreError) -> StoreHead?

    /// Writes the first header, with a floor of 0.
    ///
    /// - Parameter generation: 1 for a new vault. An unfinished copy of a vault is one below its original, so 0 is allowed.
    /// - Throws: ``StoreError``: `exists` when there is one, `invalid` for a header that is too long and for a generation beyond
    ///   2^63 - 1; else as ``write(_:)``.
    func create(header: [UInt8], generation: UInt64) async throws(StoreError)

    /// The current row of `id`, which is the one with the highest revision; `nil` where there is none.
    func read(_ id: RecordID) async throws(StoreError) -> StoredRecord?

    /// The row of `id` at exactly `revision`, current or retained.
    func read(_ key: RecordKey) async throws(StoreError) -> StoredRecord?

    /// Up to `limit` rows in the order of ``RecordKey``, from the first one behind `cursor` on. Fewer are given only where none
    /// comes behind them, however long the rows are.
    ///
    /// A page is one point in time; two pages need not be. A row that stays where it is throughout is seen exactly once.
    func scan(_ scope: ScanScope, after cursor: RecordKey?, limit: Int) async throws(StoreError) -> [StoredRecord]

    /// Applies `batch` wholly or not at all, durably, before it returns.
    ///
    /// - Throws: ``StoreError``: `notFound` where no vault has been created yet, `staleHeader` when the header's generation is
    ///   not the batch's, `conflict` when a precondition does not hold, `invalid` for what no store takes, `corrupt` where what
    ///   is to be changed is damaged, `full`, `readOnly`, `busy`, `io`, `closed`, `cancelled`.
    func write(_ batch: WriteBatch) async throws(StoreError)

    /// A number that has moved whenever someone other than this store object may have changed the data since the last call.
    ///
    /// Asked a few times a second. A store that nobody else can write to returns a constant. While one takes longer than 250 ms to answer,
    /// the vault keeps forgetting what it has cached.
    func foreignChanges() async throws(StoreError) -> UInt64

    /// Ends every use. Writes that were accepted are finished first.
    func close() async
}

extension RecordStore {
    /// Writes the first header of a new vault, at generation 1.
    public func create(header: [UInt8]) async throws(StoreError) { try await create(header: header, generation: 1) }
}
