public import KeyVaultFormat

/// One change of a ``WriteBatch``.
public enum RecordChange: Sendable {
    /// Inserts the first row of an id.
    ///
    /// Refused (`conflict`) where the id has a row, or where `revision` is not above the revision floor.
    case insert(RecordKey, sealed: [UInt8])

    /// Puts a new current row in the place of the one at `replacing`.
    ///
    /// Refused (`conflict`) unless the current row is at revision `replacing` and, where `commitment` is given, carries
    /// those 32 bytes (SPEC.md section 4); and unless the new revision is higher. The replaced row is removed, or kept with
    /// the bytes `retained`.
    case replace(RecordKey, sealed: [UInt8], replacing: UInt64, commitment: [UInt8]?, retained: [UInt8]?)

    /// Exchanges the bytes of one row, current or retained, without a new revision: a rewrap.
    ///
    /// Refused (`conflict`) unless the row exists and carries `commitment`.
    case rewrap(RecordKey, sealed: [UInt8], commitment: [UInt8])

    /// Removes every row of an id, and raises the revision floor to the highest of them.
    ///
    /// Refused (`conflict`) unless the current row is at `revision`, where one is given. Removing what is not there is no
    /// error.
    case delete(RecordID, revision: UInt64?)

    /// Removes one retained row. Removing what is not there is no error; the current row is never removed this way
    /// (`conflict`).
    case deleteRetained(RecordKey)

    /// Removes every row of a tenant, and raises the revision floor to the highest of them.
    case deleteTenant(String)

    /// Raises the revision floor to at least this: the last step of copying a vault.
    case raiseFloor(UInt64)
}
