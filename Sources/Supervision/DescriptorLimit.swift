import Glibc

/// How many descriptors this process may have.
package enum DescriptorLimit {
    /// Takes as many as the system lets the process have.
    ///
    /// A shell allows 1,024, for the sake of programs that use `select`. A listener has one for each connection, and libzmq
    /// that gets none tries again and again, with a core of its own and for nobody, until some connection ends.
    package static func raise() {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        // Where it is not given, the one there is has to do.
        _ = unsafe setrlimit(resource, &limit)
    }
}
