import Machines

/// What became of a message that a ROUTER was to send, as libzmq tells it.
enum Delivery { case queued, wouldBlock, unreachable }

/// The network: in order within a connection, in any order between two, and what is under way when a connection breaks
/// is lost.
final class SimulatedNetwork {
    /// How late messages are, in microseconds.
    var latency = 500...8_000
    /// Messages that wait for a peer at most.
    var highWaterMark = 64
    unowned let world: SimulatedWorld
    /// The connections that servers can send to, in order of their age.
    var connections: [Connection] = []
    private var lastPeer: UInt32 = 0
    var blocked: Set<Int> = []

    init(_ world: SimulatedWorld) { self.world = world }

    func key(_ source: SimulatedProcess, _ target: SimulatedProcess) -> Int { source.place * 64 + target.place }

    func isBlocked(_ source: SimulatedProcess, _ target: SimulatedProcess) -> Bool {
        !blocked.isEmpty && blocked.contains(key(source, target))
    }

    /// A new connection, under a routing id that was never used before.
    func connect(_ socket: ClientSocket, attempt: Int) {
        let pause = attempt == 0 ? world.random(latency) : min(200_000 << min(attempt, 4), 2_000_000)
        world.after(pause) { [unowned self] in
            let client = socket.owner, server = socket.server
            guard !socket.isClosed, socket.connection == nil else { return }
            guard server.isRunning, !server.isStopped, !client.isStopped, !isBlocked(client, server),
                !isBlocked(server, client)
            else { return connect(socket, attempt: attempt + 1) }
            lastPeer += 1
            let bytes = (0..<4).map { UInt8(truncatingIfNeeded: lastPeer >> (24 - 8 * $0)) }
            let connection = Connection(PeerID(bytes), socket)
            connections.append(connection)
            socket.connection = connection
            for message in socket.waiting { transmit(message, over: connection, .toServer) }
            socket.waiting = []
        }
    }

    /// Sends from a ROUTER.
    func send(_ message: Message, to peer: PeerID) -> Delivery {
        guard let connection = connections.last(where: { $0.peer == peer }) else { return .unreachable }
        guard connection.underWay < highWaterMark else { return .wouldBlock }
        connection.underWay += 1
        transmit(message, over: connection, .toClient)
        return .queued
    }

    func transmit(_ message: Message, over connection: Connection, _ way: Connection.Way) {
        guard connection.isUp else { return }
        let arrival = max(world.time + world.random(latency), connection.lastArrival[way.rawValue] + 1)
        connection.lastArrival[way.rawValue] = arrival
        world.at(arrival) { [unowned self] in arrive(message, over: connection, way) }
    }

    private func arrive(_ message: Message, over connection: Connection, _ way: Connection.Way) {
        guard connection.isUp else { return }
        let client = connection.socket.owner, server = connection.socket.server
        let (source, target) = way == .toServer ? (client, server) : (server, client)
        if isBlocked(source, target) || !connection.stalled[way.rawValue].isEmpty {
            return connection.stalled[way.rawValue].append(message)
        }
        target.perform { [unowned world] in
            if way == .toClient {
                connection.underWay -= 1
                if connection.socket.isClosed { return }
            }
            world.note("\(source.name) → \(target.name): \(message)")
            target.receive(message, from: connection.peer)
        }
    }
}
