/// The centre has numbers of this spool that the spool never assigned: it is an old copy.
package struct SpoolRegression: Error, Sendable, CustomStringConvertible {
    /// Name of the sender.
    package let sender: String
    /// The highest number here.
    package let head: UInt64
    /// The highest number that the centre has.
    package let highest: UInt64

    /// What is wrong and what to do.
    package var description: String {
        "the spool of \(sender) has numbered up to \(head), but the centre has \(highest): this is an old copy of the "
            + "spool. Nothing was sent. Put the current spool back, or start a new one in an empty folder."
    }
}
