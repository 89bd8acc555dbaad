import CLinux
import Foundation

/// Who started this process and wants to know how it fares, by the protocol of sd_notify(3).
///
/// Where nobody asks, everything said is dropped.
public struct ServiceManager: Sendable {
    private let address: String?
    /// The longest that the manager waits for a sign of life, where it watches for one.
    public let watchdog: Duration?

    /// The one that started this process.
    public static var current: ServiceManager { ServiceManager(environment: ProcessInfo.processInfo.environment) }

    /// The manager that the environment names.
    public init(environment: [String: String]) {
        address = environment["NOTIFY_SOCKET"].flatMap { $0.isEmpty ? nil : $0 }
        let isMeant = environment["WATCHDOG_PID"].map { $0 == "\(ProcessInfo.processInfo.processIdentifier)" } ?? true
        let microseconds = environment["WATCHDOG_USEC"].flatMap(Int64.init) ?? 0
        watchdog = isMeant && microseconds > 0 && address != nil ? .microseconds(microseconds) : nil
    }

    /// Whether somebody asks.
    public var isListening: Bool { address != nil }

    /// What the manager may be told.
    public enum Message: Sendable, Equatable {
        /// The service does what it is for, or all of it that it can for now.
        case ready
        /// How it fares, in one line.
        case status(String)
        /// It is alive.
        case watchdog
        /// It drains and will leave.
        case stopping
        /// It needs more time to leave than it was given.
        case extend(Duration)

        var line: String {
            switch self {
            case .ready: "READY=1"
            case .status(let text): "STATUS=" + text.split(separator: "\n").joined(separator: " ")
            case .watchdog: "WATCHDOG=1"
            case .stopping: "STOPPING=1"
            case .extend(let time):
                "EXTEND_TIMEOUT_USEC=\(time.components.seconds * 1_000_000 + time.components.attoseconds / 1_000_000_000_000)"
            }
        }
    }

    /// Tells it; what cannot be delivered is dropped, for there is nobody else to tell.
    public func tell(_ messages: Message...) {
        guard let address else { return }
        _ = unsafe hoso_notify(address, messages.map(\.line).joined(separator: "\n"))
    }
}
