// MARK: - Faults

extension SimulatedNetwork {
    /// Nothing gets from one process to the other; heartbeats end their connections after some seconds.
    func block(_ source: SimulatedProcess, _ target: SimulatedProcess) {
        blocked.insert(key(source, target))
        for connection in connections where connection.joins(source, target) {
            world.after(world.random(6_000_000...8_000_000)) { [unowned self] in
                if isBlocked(source, target) { sever(connection) }
            }
        }
    }

    /// Everything gets through again, and what TCP had kept arrives.
    func unblockAll() {
        blocked = []
        for connection in connections where connection.isUp {
            for way in [Connection.Way.toServer, .toClient] {
                let messages = connection.stalled[way.rawValue]
                connection.stalled[way.rawValue] = []
                for message in messages { transmit(message, over: connection, way) }
            }
        }
    }

    /// Breaks every connection between two processes.
    func sever(_ one: SimulatedProcess, _ other: SimulatedProcess) {
        for connection in connections where connection.joins(one, other) { sever(connection) }
    }

    /// The peers of a stopped process miss its heartbeats.
    func suspect(_ process: SimulatedProcess) {
        let life = process.life
        for connection in connections where connection.belongs(to: process) {
            world.after(world.random(6_000_000...12_000_000)) { [unowned self] in
                if process.life == life, process.isStopped { sever(connection) }
            }
        }
    }

    /// A process is gone, with its sockets.
    func forget(_ process: SimulatedProcess) {
        for connection in connections where connection.belongs(to: process) {
            if connection.socket.owner === process { connection.socket.isClosed = true }
            sever(connection)
        }
        connections.removeAll { $0.socket.server === process }
    }

    /// Both ends notice after a while; the client's socket connects anew under another routing id.
    func sever(_ connection: Connection) {
        guard connection.isUp else { return }
        connection.isUp = false
        connection.stalled = [[], []]
        world.after(world.random(1_000...2_000_000)) { [unowned self] in
            connections.removeAll { $0 === connection }
        }
        world.after(world.random(1_000...1_000_000)) { [unowned self] in
            let socket = connection.socket
            guard !socket.isClosed, socket.connection === connection else { return }
            socket.connection = nil
            connect(socket, attempt: 1)
        }
    }
}
