import Machines

/// A connection, as long as one end knows of it.
final class Connection {
    /// The two directions.
    enum Way: Int { case toServer, toClient }

    let peer: PeerID
    let socket: ClientSocket
    var isUp = true
    var lastArrival = [0, 0]
    var stalled: [[Message]] = [[], []]
    var underWay = 0

    init(_ peer: PeerID, _ socket: ClientSocket) {
        self.peer = peer
        self.socket = socket
    }

    func belongs(to process: SimulatedProcess) -> Bool {
        socket.owner === process || socket.server === process
    }

    func joins(_ one: SimulatedProcess, _ other: SimulatedProcess) -> Bool {
        belongs(to: one) && belongs(to: other)
    }
}

/// A DEALER: connects by itself, again and again, until it is closed.
final class ClientSocket {
    unowned let owner: SimulatedProcess
    unowned let server: SimulatedProcess
    var isClosed = false
    var connection: Connection?
    /// What waits for a connection.
    var waiting: [Message] = []

    init(_ owner: SimulatedProcess, to server: SimulatedProcess) {
        self.owner = owner
        self.server = server
        owner.world.network.connect(self, attempt: 0)
    }

    /// Whether messages wait for a connection.
    var isWaiting: Bool { !waiting.isEmpty }

    /// Sends, now or when there is a connection.
    func send(_ message: Message) {
        if let connection {
            owner.world.network.transmit(message, over: connection, .toServer)
        } else {
            waiting.append(message)
        }
    }

    /// Ends it; what is under way is lost.
    func close() {
        isClosed = true
        if let connection { owner.world.network.sever(connection) }
    }
}
