import Glibc
import Synchronization

/// The process id without a system call, which a read of a record would feel.
package enum CurrentProcess {
    private static let number: Atomic<Int32> = {
        // The handler captures nothing; it runs in a child before anything else does.
        _ = pthread_atfork(nil, nil, { CurrentProcess.number.store(getpid(), ordering: .relaxed) })
        return Atomic(getpid())
    }()

    package static var id: Int32 { number.load(ordering: .relaxed) }
}
