import CLinux
import Glibc

/// Keeps a process that listens within its memory, by cutting connections.
///
/// A high-water mark counts whole messages. The frames of a message that its sender never ends are kept for as long as
/// it goes on, without any message that would tell who it is. So, while the process takes more than its limit, those
/// connections are cut that never completed a message, and where there is none, or that is not enough, also the one that
/// completed the most since the last look, which may send faster than is read, and the half that has not done so for longest,
/// again and again. A good sender that is among them loses nothing: what has no receipt is sent again.
public struct MemoryGuard: ~Copyable {
    /// What is known of a connection.
    private struct Connection {
        let since = ContinuousClock.now
        /// When it last completed a message.
        var heard: ContinuousClock.Instant?
        /// Messages since the last look.
        var messages = 0
    }

    private let limit: Int
    private let monitor: ConnectionMonitor
    private var connections: [Int32: Connection] = [:]
    /// Connections that are to be cut with the next check, whatever the memory.
    private var condemned: Set<Int32> = []
    /// Checks in a row that had to cut.
    private var pressure = 0
    /// How long a connection may say nothing at all: whoever connects greets.
    private static var longestSilence: Duration { .seconds(30) }

    /// A guard over the connections of a socket, which it must not outlive.
    /// - Parameter limit: bytes of resident memory of the whole process.
    public init(over socket: borrowing Socket, in context: Context, limit: Int) throws(ZeroMQError) {
        self.limit = limit
        monitor = try ConnectionMonitor(socket, in: context)
    }

    /// A message came.
    /// - Parameter frame: one of its frames, but not the one that names the peer.
    public mutating func heard(_ frame: Frame?) {
        guard let number = frame?.connection else { return }
        followEvents()
        connections[number, default: Connection()].heard = .now
        connections[number]?.messages += 1
    }

    /// Has a connection cut with the next check, so that what was said last can still leave.
    /// - Parameter frame: one of its frames, but not the one that names the peer.
    public mutating func condemn(_ frame: Frame?) {
        followEvents()
        if let connection = frame?.connection, connections[connection] != nil { condemned.insert(connection) }
    }

    /// Before a message is noted: its connection may be new, under the number of one that was lost.
    private mutating func followEvents() {
        while let event = monitor.next() {
            switch event {
            case .accepted(let connection):
                connections[connection] = Connection()
                condemned.remove(connection)
            case .lost(let connection):
                connections[connection] = nil
                condemned.remove(connection)
            case .admitted, .denied, .mismatched: continue
            }
        }
    }

    /// Cuts connections when there is too little memory, and returns how many; call it about ten times per second.
    ///
    /// Those that have said nothing for long are cut with any memory. One that claims the name of another connection is heard
    /// by nobody, for a ROUTER passes it over, and would be there for ever.
    public mutating func check() -> Int {
        followEvents()
        let latest = ContinuousClock.now.advanced(by: .zero - Self.longestSilence)
        for (number, connection) in connections where connection.heard == nil && connection.since < latest {
            condemned.insert(number)
        }
        for connection in condemned { monitor.cut(connection) }
        condemned = []
        defer { for number in connections.keys { connections[number]?.messages = 0 } }
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
            connections[connection] = nil
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
    /// loudest of the others, and the half of them that has not completed one for longest.
    private var suspects: Set<Int32> {
        let silent = connections.filter { $0.value.heard == nil }.map(\.key)
        guard silent.isEmpty || pressure > 2 else { return Set(silent) }
        let others = connections.filter { $0.value.heard != nil }
        let loudest = others.max { $0.value.messages < $1.value.messages }.map { [$0.key] } ?? []
        let heard = others.compactMapValues(\.heard).sorted { $0.value < $1.value }
        return Set(silent + loudest + heard.prefix((heard.count + 1) / 2).map(\.key))
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
