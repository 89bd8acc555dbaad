/// Bears with senders that do not keep to the protocol, up to a point.
///
/// What a sender must not do is answered, and that costs more than asking for it. A sender that keeps to the protocol has
/// batches on its way, of which each is answered, and little beside: so messages beside those use up a supply that is filled
/// again all the time. Who has used it up is shut out for a while, and all that it sends is passed over unread.
package struct Patience<User: Hashable & Sendable>: Sendable {
    /// Messages that a sender may send at once beside its batches.
    ///
    /// After a broker's restart all of its 32 batches are unknown, and a memory that is full has it send them again and again.
    private let supply = 512.0
    /// And then per second.
    private let perSecond = 128.0
    /// How long a sender is shut out that has used up its supply.
    package let penance: Duration = .seconds(10)

    private var supplies: [User: (left: Double, at: Moment)] = [:]
    private var shutOut: [User: Moment] = [:]

    /// Patience with everybody.
    package init() {}

    /// Whether a sender is shut out.
    package func isOver(with user: User, at now: Moment) -> Bool { shutOut[user].map { $0 > now } ?? false }

    /// Bears with a message; false when it was one too many.
    /// - Parameter cost: what it counts for.
    package mutating func bears(_ cost: Int, from user: User, at now: Moment) -> Bool {
        let left = left(of: user, at: now) - Double(cost)
        guard left < 0 else {
            supplies[user] = (left, now)
            return true
        }
        supplies[user] = nil
        shutOut[user] = now.advanced(by: penance)
        return false
    }

    /// Forgets whom there is nothing to hold against any more; call it now and then.
    package mutating func timePassed(at now: Moment) {
        for user in supplies.keys where left(of: user, at: now) >= supply { supplies[user] = nil }
        for (user, end) in shutOut where end <= now { shutOut[user] = nil }
    }

    private func left(of user: User, at now: Moment) -> Double {
        guard let known = supplies[user] else { return supply }
        return min(supply, known.left + perSecond * (known.at.duration(to: now) / .seconds(1)))
    }
}
