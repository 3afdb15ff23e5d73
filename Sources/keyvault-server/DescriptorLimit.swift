import Glibc
import NIOCore

/// How many files and connections the system lets the process have open at a time.
///
/// None may be wanting: libdispatch reads a file each second, and ends the process where it cannot.
enum DescriptorLimit {
    /// Raises it as far as the process may by itself; `nil` where the system does not say.
    ///
    /// Programs begin with 1,024, whatever they may have: with more, those that use `select` would break.
    static func raise() -> Int? {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        // Both calls are done with the structure when they return.
        guard unsafe getrlimit(resource, &limit) == 0 else { return nil }
        var wanted = limit
        wanted.rlim_cur = limit.rlim_max
        if unsafe setrlimit(resource, &wanted) == 0 { limit = wanted }
        return Int(clamping: limit.rlim_cur)
    }

    /// What the program takes beside its clients; each of its event loops takes three.
    private static let own = 64 + 3 * System.coreCount

    /// What `connections` may take: each has a call to a provider beside it.
    static func needed(for connections: Int) -> Int { 2 * connections + own }

    /// For how many connections `limit` has room.
    static func connections(within limit: Int) -> Int { max(1, (limit - own) / 2) }
}
