import KeyVaultFormat
import KeyVaultStorage

extension Vault {
    /// Opens every row, retained revisions and the vault's own included, and reports each that does not open.
    ///
    /// - Parameters:
    ///   - report: what an earlier, interrupted run had found; the new run goes on behind its position.
    ///   - progress: called after every page of 256 rows with all that was found so far.
    /// - Throws: ``VaultError`` `cancelled`, `store`, `closed`, `crypto`, …: never because of what a row holds, unless it is damaged in a
    ///   `FileStore`, which then gives no list (`store`).
    public func verify(
        resuming report: VerifyReport = VerifyReport(), progress: (VerifyReport) -> Void = { _ in }
    ) async throws(VaultError) -> VerifyReport {
        var report = report
        try await forEachRow(after: report.position) { row, kind throws(VaultError) in
            if kind == .current, !row.id.isReserved { report.records += 1 }
            report.position = row.key
            do throws(VaultError) {
                _ = try await open(row, kind: kind)
            } catch {
                if error.code == .notFound { return }
                guard error.isOfUnreadableRecord else { throw error }
                report.damaged.append(.init(row.key, error))
            }
        } page: {
            progress(report)
        }
        return report
    }
}
