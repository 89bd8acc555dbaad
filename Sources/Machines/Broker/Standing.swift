/// How far a sender is, as its PING says.
package struct Standing: Sendable, Equatable {
    /// The highest number that it has assigned.
    package var head: UInt64
    /// The lowest number that has no receipt; 0 when it does not say.
    package var waitingFrom: UInt64

    /// A standing.
    package init(head: UInt64 = 0, waitingFrom: UInt64 = 0) {
        self.head = head
        self.waitingFrom = waitingFrom
    }
}
