import Dispatch
import Foundation
import KeyVaultStorage

/// The thread that writes. It groups what comes in while a commit is on its way to the disk into the next one.
///
/// A thread of its own: a commit waits for the disk, and no thread of the cooperative pool may.
final class Writer: Sendable {
    /// The most batches that one commit takes, so that nobody waits for long behind a flood.
    private static let largestGroup = 1_024
    /// How often a lock that somebody else has is tried.
    private static let lockInterval = DispatchTimeInterval.milliseconds(1)
    /// How long it goes on without a pause before the others get their turn.
    private static let longestRun = Duration.milliseconds(100)

    let queue = WriteQueue()
    private let patience: Duration
    private let ended = Completion()

    private init(patience: Duration) { self.patience = patience }

    /// Starts the thread, on which the database is opened.
    ///
    /// - Returns: The writer, and the places of the files.
    static func start(
        path: String, create: Bool, patience: Duration, allowsNetwork: Bool
    ) async throws(StoreError) -> (writer: Writer, places: StorePlaces) {
        let writer = Writer(patience: patience)
        let opened: Result<StorePlaces, StoreError> = await withCheckedContinuation { continuation in
            let isStarted = SystemThread.start(named: "KeyVault SQLite") {
                do throws(StoreError) {
                    // It alone keeps the connection, which is closed with it, under the lock.
                    let session = try WriteSession(
                        Opening(path: path, create: create, patience: patience, allowsNetwork: allowsNetwork))
                    continuation.resume(returning: .success(session.places))
                    writer.run(session)
                } catch {
                    continuation.resume(returning: .failure(error))
                }
                writer.ended.finish()
            }
            if !isStarted { continuation.resume(returning: .failure(.noThread)) }
        }
        return (writer, try opened.get())
    }

    /// Finishes what was accepted and ends the thread.
    func close() async {
        queue.close()
        await ended.wait()
    }

    private func run(_ session: consuming WriteSession) {
        var session = session
        var lastPause = ContinuousClock.now
        while true {
            let (situation, requests) = queue.next()
            for request in requests { request.resume(returning: session.dataVersion()) }
            switch situation {
            case .idle:
                queue.wait()
                lastPause = .now
            case .hasJobs where lastPause.duration(to: .now) >= Self.longestRun:
                // Between two commits the lock is free for less time than others wait before they try it again. Here it is free
                // for two of their intervals.
                usleep(2_000)
                lastPause = .now
            case .hasJobs:
                guard !perform(on: &session) else { continue }
                queue.wait(for: Self.lockInterval)
                lastPause = .now
            case .done:
                return session.close()
            }
        }
    }

    /// Writes what is waiting, or says that somebody else has the lock.
    private func perform(on session: inout WriteSession) -> Bool {
        do throws(StoreError) {
            guard try session.begin() else {
                for job in queue.takeJobs(waitingFor: patience) { job.finish(.failure(session.busy())) }
                return false
            }
        } catch {
            for job in queue.takeJobs(atMost: .max) { job.finish(.failure(error)) }
            return true
        }
        let jobs = queue.takeJobs(atMost: Self.largestGroup)
        do throws(StoreError) {
            try perform(jobs, on: &session)
        } catch  where error.code == .corrupt && jobs.count > 1 {
            // One of them met damage; the others shall not suffer for it.
            for job in jobs { performAlone(job, on: &session) }
        } catch {
            for job in jobs { job.finish(.failure(error)) }
        }
        return true
    }

    /// Commits `jobs` together, and lets those who wait for them go on.
    private func perform(_ jobs: [WriteJob], on session: inout WriteSession) throws(StoreError) {
        defer { session.end() }
        for (job, result) in zip(jobs, try session.perform(jobs.map(\.work))) { job.finish(result) }
    }

    private func performAlone(_ job: WriteJob, on session: inout WriteSession) {
        do throws(StoreError) {
            while try !session.begin() {
                guard job.arrival.duration(to: .now) < patience else { throw session.busy() }
                queue.wait(for: Self.lockInterval)
            }
            try perform([job], on: &session)
        } catch {
            job.finish(.failure(error))
        }
    }
}
