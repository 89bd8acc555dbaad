import CLinux
import Glibc

/// Keeps a process that listens within its memory, by cutting connections.
///
/// A high-water mark counts whole messages. The frames of a message that its sender never ends are kept for as long as
/// it goes on, without any message that would tell who it is. So, while the process takes more than its limit, those
/// connections are cut that never completed a message, and where there is none, or that is not enough, also the half that
/// has not done so for longest, again and again. A good sender that is among them loses nothing: what has no receipt is
/// sent again.
public struct MemoryGuard: ~Copyable {
    private let limit: Int
    private let monitor: ConnectionMonitor
    /// When a connection last completed a message; `nil` when it never did.
    private var lastHeard: [Int32: ContinuousClock.Instant?] = [:]
    /// Connections that are to be cut with the next check, whatever the memory.
    private var condemned: Set<Int32> = []
    /// Checks in a row that had to cut.
    private var pressure = 0

    /// A guard over the connections of a socket, which it must not outlive.
    /// - Parameter limit: bytes of resident memory of the whole process.
    public init(over socket: borrowing Socket, in context: Context, limit: Int) throws(ZeroMQError) {
        self.limit = limit
        monitor = try ConnectionMonitor(socket, in: context)
    }

    /// A message came.
    /// - Parameter frame: one of its frames, but not the one that names the peer.
    public mutating func heard(_ frame: Frame?) {
        guard let connection = frame?.connection else { return }
        followEvents()
        lastHeard[connection] = .some(.now)
    }

    /// Has a connection cut with the next check, so that what was said last can still leave.
    /// - Parameter frame: one of its frames, but not the one that names the peer.
    public mutating func condemn(_ frame: Frame?) {
        followEvents()
        if let connection = frame?.connection, lastHeard[connection] != nil { condemned.insert(connection) }
    }

    /// Before a message is noted: its connection may be new, under the number of one that was lost.
    private mutating func followEvents() {
        while let event = monitor.next() {
            switch event {
            case .accepted(let connection):
                lastHeard[connection] = .some(nil)
                condemned.remove(connection)
            case .lost(let connection):
                lastHeard[connection] = nil
                condemned.remove(connection)
            case .admitted, .denied, .mismatched: continue
            }
        }
    }

    /// Cuts connections when there is too little memory, and returns how many; call it about ten times per second.
    public mutating func check() -> Int {
        followEvents()
        for connection in condemned { monitor.cut(connection) }
        condemned = []
        guard Self.isAbove(limit) else {
            pressure = 0
            return 0
        }
        pressure += 1
        // Directly before the cut: a connection that has ended may have left its number to another.
        followEvents()
        let cut = suspects
        for connection in cut {
            monitor.cut(connection)
            lastHeard[connection] = nil
        }
        return cut.count
    }

    private static func isAbove(_ limit: Int) -> Bool {
        guard residentBytes > limit else { return false }
        // What has been freed counts as resident until it is given back.
        hoso_give_memory_back()
        return residentBytes > limit
    }

    /// Connections that have never completed a message; where there is none, or cutting them was not enough, also the
    /// half of the others that has not done so for longest.
    private var suspects: [Int32] {
        let silent = lastHeard.filter { $0.value == nil }.map(\.key)
        guard silent.isEmpty || pressure > 2 else { return silent }
        let heard = lastHeard.compactMapValues(\.self).sorted { $0.value < $1.value }
        return silent + heard.prefix((heard.count + 1) / 2).map(\.key)
    }

    /// Bytes of memory that the process has in use.
    public static var residentBytes: Int {
        let descriptor = unsafe open("/proc/self/statm", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 128)
        let length = unsafe read(descriptor, &text, text.count)
        // In pages: size, resident, shared, …
        let fields = text[..<max(0, length)].split(separator: UInt8(ascii: " "))
        let pages = fields.count > 1 ? Int(String(decoding: fields[1], as: UTF8.self)) ?? 0 : 0
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }
}
