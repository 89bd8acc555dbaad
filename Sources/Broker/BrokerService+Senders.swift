import CoreMetrics
import Observability
import IntakeProtocol
import Logging
import Machines
import Polling
import SwiftProtobuf
import WireMessages
import ZeroMQ

// MARK: - Senders

extension BrokerService {
    /// Takes one message of a sender; false when there is none.
    func receiveFromSender() throws -> Bool {
        guard let frames = try front.receive() else { return false }
        frontGuard.heard(frames.last)
        let peer = PeerID(frames[0].bytes)
        // On every message: the key may have been revoked since the connection was made.
        let user = frames.last?.userID.flatMap(UserID.init)
        guard frames.count > 1, let user, gate.admits(user, at: WallClock.microseconds) else {
            part(with: peer, user, frames.count > 1 ? frames.last : nil)
            return true
        }
        // Unread: to answer is what takes the time.
        guard !patience.isOver(with: user, at: .now) else {
            frontGuard.condemn(frames.last)
            return true
        }
        let cost: Int
        do throws(ProtocolError) {
            cost = try handleSender(peer, user, Array(frames.dropFirst()))
        } catch {
            refuse(peer, error, frames)
            cost = 1
        }
        // All local senders are one user, and can do anything anyway.
        if cost > 0, user != .local, !patience.bears(cost, from: user, at: .now) { shutOut(peer, user, frames.last) }
        return true
    }

    /// Has nothing to do with a sender for a while that sends what it must not, faster than anybody would by mistake.
    private func shutOut(_ peer: PeerID, _ user: UserID, _ connection: Frame?) {
        warn("shut out for a while", "more messages than anybody needs", ["user": "\(user)"])
        tell(peer, .error, WireRefusal(.busy, retryAfter: UInt32(patience.penance / .milliseconds(1))), session: 0)
        perform(machine.senderLeft(peer))
        guests[peer] = nil
        frontGuard.condemn(connection)
    }

    /// Deals with a message, and says what it costs the sender's ``Patience``.
    private func handleSender(_ peer: PeerID, _ user: UserID, _ frames: [Frame]) throws(ProtocolError) -> Int {
        guard frames.count == 1 || frames.count == 2 else { throw ProtocolError(.frameCount) }
        let header = try Header(frames[0].bytes)
        let body = frames.count == 2 ? frames[1] : Frame()
        guard body.count == Int(header.bodyLength) else { throw ProtocolError(.damagedBody) }
        // What is held while no worker is there must be small; batches are counted.
        guard header.command == .batch || body.count <= Limits.smallBodyBytes else {
            throw ProtocolError(.limitExceeded)
        }
        let envelope = Envelope(header: header, headerFrame: frames[0], body: body)
        if header.contentType != .none { contentTypes[peer] = header.contentType }
        let now = ContinuousClock.now
        // A session belongs to whoever greeted: another key on a connection of the same name greets for itself.
        if header.command != .hello, let guest = guests[peer], guest.user != user {
            perform(machine.senderLeft(peer))
            guests[peer] = nil
        }
        if case .code = user {
            guard header.command == .enrol else { throw ProtocolError(.notAuthorised) }
            try enrol(peer, user, envelope, at: now)
            return 1
        }
        switch header.command {
        case .hello: try greet(peer, user, envelope, at: now)
        case .batch: return try take(batch: envelope, from: peer, at: now)
        case .ping:
            try header.verify(body.bytes)
            let (isKnown, actions) = machine.senderBeat(
                peer, session: header.session, standing: Standing(head: header.head, waitingFrom: header.first),
                payload: envelope, at: now)
            if isKnown { answerBeat(peer, header) }
            perform(actions)
        case .bye: perform(machine.senderLeft(peer))
        default: throw ProtocolError(.unknownCommand)
        }
        return 1
    }

    private func take(batch: Envelope, from peer: PeerID, at now: Moment) throws(ProtocolError) -> Int {
        let header = batch.header
        guard header.contentType != .none else { throw ProtocolError(.unknownContentType) }
        guard header.first >= 1, (1...Limits.batchEntries).contains(Int(header.count)),
            batch.body.count <= Limits.batchBytes
        else { throw ProtocolError(.limitExceeded) }
        let actions = machine.batchArrived(
            peer, session: header.session, first: header.first, entries: Int(header.count), bytes: batch.body.count,
            payload: batch, at: now)
        perform(actions)
        // One that is taken waits for its turn; of those there are as many as the window allows.
        let isTaken = !actions.contains { action in
            switch action {
            case .busy, .unknownSession: true
            default: false
            }
        }
        guard isTaken else { return 1 }
        metrics.batches.increment()
        metrics.entries.increment(by: Int(header.count))
        metrics.batchEntries.record(Int(header.count))
        return 0
    }

    private func greet(_ peer: PeerID, _ user: UserID, _ envelope: Envelope, at now: Moment) throws(ProtocolError) {
        let body = envelope.body.bytes
        try envelope.header.verify(body)
        let hello = try WireHello(body: body, as: envelope.header.contentType)
        let name: String
        switch user {
        case .sender(let proved, _):
            guard hello.sender.isEmpty || hello.sender == proved else { throw ProtocolError(.notAuthorised) }
            name = proved
        case .local: name = hello.sender
        case .code, .worker, .survey: throw ProtocolError(.notAuthorised)
        }
        guard Limits.isSenderName(name) else { throw ProtocolError(.badSenderName) }
        guests[peer] = Guest(user: user, connection: envelope.headerFrame)
        perform(
            machine.senderGreeted(peer, sender: name, session: envelope.header.session, payload: envelope, at: now))
    }

    /// Hands ENROL on to a worker as if it were a greeting: whoever holds the code has a session that ends like others, and the
    /// answer goes back as it came from the worker.
    private func enrol(_ peer: PeerID, _ user: UserID, _ envelope: Envelope, at now: Moment) throws(ProtocolError) {
        try envelope.header.verify(envelope.body.bytes)
        guests[peer] = Guest(user: user, connection: envelope.headerFrame)
        perform(
            machine.senderGreeted(
                peer, sender: "\(user)", session: envelope.header.session, payload: envelope, at: now))
    }

    private func answerBeat(_ peer: PeerID, _ asked: Header) {
        var beat = WireBeat()
        beat.workers = UInt32(machine.workerCount)
        tell(peer, .pong, beat, session: asked.session)
    }

    private func refuse(_ peer: PeerID, _ error: ProtocolError, _ frames: [Frame]) {
        metrics.refused(error.code.rawValue)
        warn("message refused", "\(error)")
        let (type, session) = frames.count > 1 ? Header.salvaged(frames[1].bytes) : (nil, 0)
        if let type, type != .none { contentTypes[peer] = type }
        tell(peer, .error, WireRefusal(error.code), session: session)
    }

    /// Sends a message of the broker's own, written as the sender writes; one that cannot be reached has left.
    func tell(
        _ peer: PeerID, _ command: Command, _ body: some Message, session: UInt64, first: UInt64 = 0, count: Int = 0
    ) {
        let type = contentTypes[peer] ?? .protobuf
        var header = Header(command, contentType: type)
        header.session = session
        header.first = first
        header.count = UInt32(count)
        guard let bytes = try? body.encoded(as: type), send(header, bytes, to: peer) else {
            return perform(machine.senderLeft(peer))
        }
    }

    /// Hands a message to a sender's connection; false when it is gone or full.
    func send(_ header: Header, _ body: [UInt8] = [], to peer: PeerID) -> Bool {
        let frames = [Frame(peer.bytes)] + Parcel(header, body: body).frames.map { Frame($0) }
        return deliver(frames, through: .front) == .queued
    }
}
