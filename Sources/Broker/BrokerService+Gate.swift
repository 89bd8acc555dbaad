import CoreMetrics
import IntakeProtocol
import Logging
import Machines
import Observability
import Polling
import Systemd
import WireMessages
import ZeroMQ

// MARK: - The gate

/// Why a broker does not listen.
package struct BrokerError: Error, Sendable, CustomStringConvertible {
    /// A sentence in English.
    package let description: String
    /// A sentence in Vietnamese.
    package let vietnamese: String
}

extension BrokerService {
    /// A peer in session: who it is, and the connection that it came through.
    struct Guest {
        let user: UserID
        let connection: Frame
    }

    /// Lets in who knocks, or sends them away.
    func answerTheDoor() throws {
        while let question = try keeper.next() {
            switch gate.decide(question.visitor, at: WallClock.microseconds) {
            case .admit(let user) where patience.isOver(with: user, at: .now): try turnAway(question)
            case .admit(let user): try keeper.answer(question, userID: "\(user)")
            case .turnAway: try turnAway(question)
            case .wait where isProving: try turnAway(question)
            case .wait:
                // Who has waited for too long has long gone, and knocks again.
                if outside.count >= Self.mostOutside { outside.removeFirst() }
                outside.append(question)
            }
        }
    }

    private func turnAway(_ question: Gatekeeper.Question) throws {
        try keeper.answer(question, userID: nil)
        guard !isProving else { return }
        metrics.turnedAway.increment()
        warn(
            "turned away", "nobody known by this key or user, or shut out",
            ["address": "\(question.visitor?.address ?? "")", "proof": "\(question.visitor?.shown ?? "none")"])
    }

    private static var mostOutside: Int { 4_096 }

    /// Takes over who is known, answers those who waited for it, and parts with those who are no longer.
    func use(_ roster: Roster) throws {
        guard gate.use(roster) else { return }
        // Each key that is enrolled makes a new one.
        if limiter.pass("roster", at: .now) != nil {
            logger.info("roster", metadata: ["version": "\(roster.version)", "keys": "\(roster.members.count)"])
        }
        let questions = outside
        outside = []
        for question in questions {
            switch gate.decide(question.visitor, at: WallClock.microseconds) {
            case .admit(let user): try keeper.answer(question, userID: "\(user)")
            case .turnAway, .wait: try turnAway(question)
            }
        }
        partWithStrangers()
    }

    /// Ends the sessions of peers that may not stay: their keys have been revoked, or do not count any more.
    func partWithStrangers() {
        let now = WallClock.microseconds
        for (peer, guest) in guests where !gate.admits(guest.user, at: now) {
            part(with: peer, guest.user, guest.connection)
        }
    }

    /// Says why, and ends the session and the connection; what is with a worker already is finished.
    func part(with peer: PeerID, _ user: UserID?, _ connection: Frame?) {
        metrics.refused("not_authorised")
        warn("not authorised", "the key has been revoked or does not count now", ["user": "\(user?.description ?? "")"])
        tell(peer, .error, WireRefusal(.notAuthorised), session: 0)
        perform(machine.senderLeft(peer))
        guests[peer] = nil
        frontGuard.condemn(connection)
    }

    /// Logs a warning, once per second and cause at most.
    func warn(_ text: Logger.Message, _ reason: String, _ metadata: Logger.Metadata = [:]) {
        guard let withheld = limiter.pass("\(text): \(reason)", at: .now) else { return }
        var metadata = metadata
        metadata["reason"] = "\(reason)"
        if withheld > 0 { metadata["withheld"] = "\(withheld)" }
        logger.warning(text, metadata: metadata)
    }

    /// Listens to the network, once it is proved that an unknown key is refused there.
    func listenToNetwork() async throws {
        let endpoints = configuration.front.filter { !$0.hasPrefix("ipc://") }
        try await listen(endpoints, configuration.serverKey, "intake.server_key", at: .front)
        try await listen(configuration.nextFront, configuration.nextServerKey, "intake.next_server_key", at: .front)
        let back = configuration.back
        try await listen(
            back.hasPrefix("ipc://") ? [] : [back], configuration.serverKey, "intake.server_key", at: .back)
    }

    private func bind(_ endpoint: String, _ security: Security, at side: Side) throws -> String {
        switch side {
        case .front:
            try front.bind(endpoint, as: security, adopting: configuration.inherited.descriptor(for: endpoint))
            return front.lastEndpoint
        case .back:
            try back.bind(endpoint, as: security, adopting: configuration.inherited.descriptor(for: endpoint))
            return back.lastEndpoint
        }
    }

    private func listen(
        _ endpoints: [String], _ key: CurveSecretKey?, _ setting: String, at side: Side
    ) async throws {
        guard !endpoints.isEmpty else { return }
        guard let key else {
            throw BrokerError(
                description: "\(endpoints) need a key (\(setting)): not listening",
                vietnamese: "\(endpoints) cần khóa (\(setting)): không mở cổng")
        }
        let security = Security.server(key, domain: side == .front ? Gate.senders : Gate.workers)
        try await proveThatStrangersAreRefused(security, key.publicKey, at: side)
        for endpoint in endpoints { _ = try bind(endpoint, security, at: side) }
    }

    /// Knocks at a port of this machine with a key that nobody knows.
    private func proveThatStrangersAreRefused(
        _ security: Security, _ server: CurvePublicKey, at side: Side
    ) async throws {
        isProving = true
        defer { isProving = false }
        let endpoint = try bind("tcp://127.0.0.1:*", security, at: side)
        let context = try Context()
        let stranger = try Socket(.dealer, in: context)
        let handshakes = try Handshakes(of: stranger, in: context)
        try stranger.connect(endpoint, as: .client(CurveSecretKey(), server: server))
        let limit = ContinuousClock.now.advanced(by: .seconds(5))
        var outcome: Handshakes.Outcome?
        while outcome == nil, limit > .now, !stop.isRaised {
            _ = await executor.wait(for: [keeper.interest, handshakes.interest, .signal(stop)], until: limit)
            try answerTheDoor()
            outcome = handshakes.next()
        }
        switch side {
        case .front: try front.unbind(endpoint)
        case .back: try back.unbind(endpoint)
        }
        guard outcome == .denied || stop.isRaised else {
            let seen = outcome.map { "\($0)" } ?? "no answer"
            throw BrokerError(
                description: "an unknown key was not refused (\(seen)): not listening",
                vietnamese: "khóa lạ không bị từ chối (\(seen)): không mở cổng")
        }
    }
}

extension Visitor {
    /// What it shows, for the log.
    fileprivate var shown: String {
        switch proof {
        case .key(let key): key.z85
        case .user(let user): "user \(user)"
        }
    }
}
