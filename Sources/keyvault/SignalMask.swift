import Glibc

/// The signals that whoever started this process had it hold back.
///
/// The threads that commands run on hold nearly all signals back, and a program that takes this process's place inherits the mask of
/// the thread that called for it: it would hear of no ^C, no `timeout` and no service manager.
enum SignalMask {
    /// Read when it is first asked for, on the thread that asks: the first one of the process, before there are others.
    private static let inherited: sigset_t = {
        var mask = sigset_t()
        // The mask is room for what is filled in; none is set.
        _ = unsafe pthread_sigmask(SIG_BLOCK, nil, &mask)
        return mask
    }()

    /// Remembers the mask of this thread.
    static func remember() { _ = inherited }

    /// Gives this thread the mask that was remembered.
    static func restore() {
        var mask = inherited
        // The mask outlives the call; the one before is not asked for.
        _ = unsafe pthread_sigmask(SIG_SETMASK, &mask, nil)
    }
}
