import Glibc

/// How many files and connections the system lets the process have open at a time.
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

    /// What `connections` may take: each has a call to a provider beside it, and the rest of the program has its own.
    static func needed(for connections: Int) -> Int { 2 * connections + 64 }
}
