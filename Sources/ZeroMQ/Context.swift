import CZeroMQ
import Glibc

/// A ZeroMQ context: the I/O threads behind a process's sockets.
///
/// Contexts are thread-safe; sockets are not. One context per process is enough.
@safe public final class Context: @unchecked Sendable {
    let handle: UnsafeMutableRawPointer

    /// Starts a context with one I/O thread (enough for about 1 GB/s).
    /// - Throws: ``ZeroMQError`` when the process is out of memory.
    public init() throws(ZeroMQError) {
        _ = Self.seeding
        guard let handle = unsafe zmq_ctx_new() else { throw .last("zmq_ctx_new") }
        unsafe self.handle = handle
        _ = unsafe zmq_ctx_set(handle, ZMQ_BLOCKY, 0)
    }

    /// Has the numbers of peers begin somewhere that nobody can tell.
    ///
    /// libzmq numbers the peers of a ROUTER from a number of `rand()`, which it never seeds: a peer that names itself by a
    /// number that is to come ends the process when its turn is there.
    private static let seeding: Void = srand(UInt32.random(in: .min ... .max))

    /// Waits for the sockets to be closed (they are owned by values that close them) and frees the context.
    deinit { _ = unsafe zmq_ctx_term(handle) }

    /// The version of libzmq that is linked, for example `4.3.4`.
    public static var libraryVersion: String {
        var major: Int32 = 0
        var minor: Int32 = 0
        var patch: Int32 = 0
        unsafe zmq_version(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }
}
