/// Something that a task on a ``PollingExecutor`` waits for.
///
/// An interest is level-triggered: a wait returns at once when it is already fulfilled.
@safe public struct Interest {
    @safe enum Source {
        case descriptor(Int32)
        case socket(UnsafeMutableRawPointer)
        case signal(Signal)
    }

    let source: Source
    let events: Events

    /// What to wait for on a descriptor or socket.
    public struct Events: OptionSet, Sendable {
        /// The bits, by the values of `zmq_poll`.
        public let rawValue: Int16

        /// Events by their bits.
        public init(rawValue: Int16) { self.rawValue = rawValue }

        /// A read would not block.
        public static let readable = Events(rawValue: 1)
        /// A write would not block.
        public static let writable = Events(rawValue: 2)
    }

    /// Events on a file descriptor.
    public static func descriptor(_ descriptor: Int32, _ events: Events) -> Interest {
        Interest(source: .descriptor(descriptor), events: events)
    }

    /// Events on a ZeroMQ socket, named by its handle.
    ///
    /// The socket must stay open while it is waited for.
    @unsafe public static func socket(_ handle: UnsafeMutableRawPointer, _ events: Events) -> Interest {
        unsafe Interest(source: .socket(handle), events: events)
    }

    /// A signal that another task on the same executor raises.
    public static func signal(_ signal: Signal) -> Interest {
        Interest(source: .signal(signal), events: [])
    }
}

/// A flag by which one task wakes another on the same ``PollingExecutor``.
///
/// It belongs to the executor's thread: raise, test and lower it only there.
public final class Signal {
    /// Whether the flag is up.
    public private(set) var isRaised = false

    /// A signal that is down.
    public init() {}

    /// Puts the flag up; a task that waits for it resumes.
    public func raise() { isRaised = true }

    /// Takes the flag down.
    public func lower() { isRaised = false }
}

/// Which of the interests given to a wait are fulfilled, by their position; empty after a timeout or a cancellation.
public struct Readiness: Sendable, Equatable {
    var bits: UInt64 = 0

    /// Whether the interest at `index` is fulfilled.
    public subscript(index: Int) -> Bool { bits & (1 << UInt64(index)) != 0 }

    /// Whether the wait ended without any interest being fulfilled.
    public var isEmpty: Bool { bits == 0 }
}
