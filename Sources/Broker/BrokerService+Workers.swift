import IntakeProtocol
import Logging
import Machines
import WireMessages
import ZeroMQ

// MARK: - Workers

extension BrokerService {
    /// Takes one message of a worker; false when there is none.
    func receiveFromWorker() throws -> Bool {
        guard let frames = try back.receive() else { return false }
        let peer = PeerID(frames[0].bytes)
        do throws(ProtocolError) {
            // Only workers get in at this door; it is asked on every message, as at the other one.
            switch frames.last?.userID.flatMap(UserID.init) {
            case .local?, .worker?: break
            default: throw ProtocolError(.notAuthorised)
            }
            try handleWorker(peer, Array(frames.dropFirst()))
        } catch {
            // It may have been the answer to a delivery, which would be waited for in vain; others get it.
            logger.error("message of a worker refused", metadata: ["reason": "\(error)"])
            perform(machine.workerLeft(peer))
        }
        return true
    }

    private func handleWorker(_ peer: PeerID, _ frames: [Frame]) throws(ProtocolError) {
        guard let first = frames.first else { throw ProtocolError(.frameCount) }
        let header = try Header(first.bytes)
        let now = ContinuousClock.now
        switch header.command {
        // With a tag, a message answers a delivery.
        case _ where frames.count == 3: try handleAnswer(peer, header, frames, at: now)
        case .hello:
            // The answer goes first: the deliveries that follow may fill the connection.
            sendToWorker(.welcome, peer, session: header.session)
            perform(machine.workerGreeted(peer, capacity: Int(min(header.count, 65_536)), at: now))
        case .ping:
            let command: Command = machine.workerBeat(peer, at: now) ? .pong : .error
            sendToWorker(command, peer, session: header.session)
        case .roster: try takeRoster(header, frames)
        case .drain: perform(machine.workerDraining(peer))
        case .bye: perform(machine.workerLeft(peer))
        default: throw ProtocolError(.unknownCommand)
        }
    }

    private func takeRoster(_ header: Header, _ frames: [Frame]) throws(ProtocolError) {
        let body = frames.count == 2 ? frames[1].bytes : []
        try header.verify(body)
        let roster = Roster(try WireRoster(body: body, as: header.contentType))
        do { try use(roster) } catch { logger.error("cannot answer at the gate", metadata: ["reason": "\(error)"]) }
    }

    private func handleAnswer(
        _ peer: PeerID, _ header: Header, _ frames: [Frame], at now: Moment
    ) throws(ProtocolError) {
        switch header.command {
        // Written anew for the sender, who checks everything else as the worker has written it.
        case .welcome: try header.verify(frames[2].bytes)
        case .receipt, .pong, .error, .drain, .enrolled: break
        default: throw ProtocolError(.unknownCommand)
        }
        let tag = try DeliveryTag(frames[1].bytes)
        perform(
            machine.workerAnswered(
                peer, delivery: tag.delivery, isDraining: header.command == .drain,
                payload: Envelope(header: header, headerFrame: frames[0], body: frames[2]), at: now))
    }

    private func sendToWorker(_ command: Command, _ peer: PeerID, session: UInt64) {
        var header = Header(command)
        header.session = session
        let delivery = deliver([Frame(peer.bytes), Frame(Parcel(header).header.bytes)], through: .back)
        if delivery == .unreachable { perform(machine.workerLeft(peer)) }
    }
}

extension Roster {
    /// The roster of a message.
    init(_ message: WireRoster) {
        let members = message.members.map { member in
            Member(
                number: member.number, name: member.name, key: [UInt8](member.key),
                validity: member.validFrom..<max(member.validFrom, member.validTo), isCode: member.isCode)
        }
        self.init(version: message.version, members: members)
    }
}
