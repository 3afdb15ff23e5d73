import Foundation
import Glibc
import KeyVaultStorage
import Synchronization

/// Copies a database while it is in use, as it was at one point in time.
///
/// The reader that it copies from stays in one snapshot, so that no writer ever makes it begin again. The copy grows under a
/// name of its own, and gets its real one when it is complete and on the disk.
final class Backup: Sendable {
    private static let pagesPerStep: Int32 = 256

    private let source: StorePlaces
    private let target: String
    private let progress: @Sendable (BackupProgress) -> Void
    private let isCancelled = Atomic(false)

    init(of source: StorePlaces, to target: String, progress: @escaping @Sendable (BackupProgress) -> Void) {
        self.source = source
        self.target = target
        self.progress = progress
    }

    /// Runs on a thread of its own, since it waits for the disk.
    func run() async throws(StoreError) {
        let result: Result<Void, StoreError> = await withTaskCancellationHandler {
            do throws(StoreError) {
                return .success(
                    try await SystemThread.run(named: "KeyVault backup") { () throws(StoreError) in try self.copy() })
            } catch { return .failure(error) }
        } onCancel: {
            isCancelled.store(true, ordering: .relaxed)
        }
        try result.get()
    }

    private func copy() throws(StoreError) {
        guard unsafe access(target, F_OK) != 0 else { throw exists() }
        // A log or a journal that somebody left there would be taken for the copy's own.
        for log in [target + "-wal", target + "-journal"] where unsafe access(log, F_OK) == 0 {
            throw .logWithoutDatabase(log)
        }
        let partial = target + "-partial"
        let descriptor = unsafe open(partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw errno == EEXIST
                ? StoreError(
                    .exists, "\(partial) is there: another backup to this path is running or was broken off. Remove it."
                )
                : StoreError.system(errno, path: target)
        }
        close(descriptor)
        var isComplete = false
        defer { if !isComplete { unsafe unlink(partial) } }

        try copyPages(to: partial)
        try Files.sync(partial)
        do throws(FileError) { try Files.rename(partial, toNew: target) } catch {
            throw error == .exists ? exists() : StoreError.system(error.number, path: target)
        }
        isComplete = true
        do throws(StoreError) { try Files.syncDirectory(of: target) } catch {
            unsafe unlink(target)
            throw error
        }
    }

    private func copyPages(to path: String) throws(StoreError) {
        try source.check()
        let from = try Connection(path: source.path)
        try from.execute("BEGIN")
        // A transaction begins with the first thing that it reads.
        _ = try from.integer("SELECT count(*) FROM vault")
        let into = try Connection(path: Files.literal(path))
        // Nothing depends on the copy before it is synced as a whole, and no second file shall be left where this is killed. A
        // defensive connection has a journal all the same.
        try into.execute("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")
        var pages = try into.beginBackup(from: from)
        while try pages.step(pages: Self.pagesPerStep) {
            progress(BackupProgress(pagesCopied: pages.total - pages.remaining, pagesInAll: pages.total))
            guard !isCancelled.load(ordering: .relaxed) else {
                throw StoreError(.cancelled, "The backup was cancelled; \(target) was not written.")
            }
        }
        progress(BackupProgress(pagesCopied: pages.total, pagesInAll: pages.total))
        try pages.finish()
    }

    private func exists() -> StoreError {
        StoreError(.exists, "\(target) exists. A backup never replaces a file: choose another path, or remove it.")
    }
}
