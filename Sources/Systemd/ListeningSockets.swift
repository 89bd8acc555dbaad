import CLinux
import Foundation

/// Listening sockets that a service manager opened and handed over, by the protocol of sd_listen_fds(3): connections wait in
/// them while the service restarts.
public struct ListeningSockets: Sendable {
    /// Descriptors by where they listen, such as `tcp://0.0.0.0:5710` or `ipc:///run/hoso/intake.sock`.
    public let descriptors: [String: Int32]

    /// Those that this process was started with.
    public static var inherited: ListeningSockets {
        ListeningSockets(environment: ProcessInfo.processInfo.environment)
    }

    /// Those that the environment tells of.
    public init(environment: [String: String]) {
        guard environment["LISTEN_PID"] == "\(ProcessInfo.processInfo.processIdentifier)",
            let count = environment["LISTEN_FDS"].flatMap(Int32.init), (1...64).contains(count)
        else {
            descriptors = [:]
            return
        }
        var found: [String: Int32] = [:]
        for descriptor in 3..<3 + count {
            var text = [CChar](repeating: 0, count: 256)
            guard unsafe hoso_adopt_listener(descriptor, &text, text.count) == 0 else { continue }
            let place = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            found[String(decoding: place, as: UTF8.self)] = descriptor
        }
        descriptors = found
    }

    /// The socket that listens where an endpoint says: `*` stands for all addresses of this machine.
    public func descriptor(for endpoint: String) -> Int32? {
        if let descriptor = descriptors[endpoint] { return descriptor }
        guard endpoint.hasPrefix("tcp://*:") else { return nil }
        let port = endpoint.dropFirst("tcp://*".count)
        return descriptors["tcp://0.0.0.0\(port)"] ?? descriptors["tcp://[::]\(port)"]
    }
}
