/// A connection of a ROUTER socket, by the routing id that libzmq gave it.
///
/// It says nothing about who is there.
package struct PeerID: Hashable, Sendable {
    /// The routing id.
    package let bytes: [UInt8]

    /// A peer by its routing id.
    package init(_ bytes: [UInt8]) { self.bytes = bytes }
}

/// A moment of the monotonic clock; machines are told the time and never ask for it.
package typealias Moment = ContinuousClock.Instant

/// A small, fast, seeded generator (SplitMix64), so that every run of a machine can be repeated.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    /// A generator that yields the same numbers for the same seed.
    package init(seed: UInt64) { state = seed }

    /// The next number.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
