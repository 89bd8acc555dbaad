/// The faults of a seed, and their end.
enum Turmoil {
    /// Plans the faults.
    static func plan(in world: SimulatedWorld) {
        for _ in 0..<world.random(2...14) {
            world.at(world.random(0...world.shape.turmoil - 1)) { [unowned world] in strike(world) }
        }
    }

    private static func strike(_ world: SimulatedWorld) {
        switch world.random(0...13) {
        case 0...2: kill(any(of: world.processes, in: world), in: world)
        case 3, 4: stop(any(of: world.processes, in: world), in: world)
        case 5, 6: part(world)
        case 7: for _ in 0..<world.random(1...5) { breakSoon(world) }
        case 8: cut(world)
        case 9: world.database.restart(after: world.random(100_000...5_000_000))
        case 10: slow(world)
        case 11: trouble(world)
        case 12: any(of: world.agents, in: world).failuresOfDisk = 0.3
        default: any(of: world.workers, in: world).drain()
        }
    }

    private static func any<Process>(of processes: [Process], in world: SimulatedWorld) -> Process {
        processes[world.random(0...processes.count - 1)]
    }

    private static func kill(_ process: SimulatedProcess, in world: SimulatedWorld) {
        process.kill()
        world.after(world.random(50_000...8_000_000)) { process.launch() }
    }

    /// Often for longer than any lease.
    private static func stop(_ process: SimulatedProcess, in world: SimulatedWorld) {
        let life = process.life
        process.stop()
        world.after(world.random(100_000...20_000_000)) { if process.life == life { process.resume() } }
    }

    /// Two processes that talk to each other.
    private static func pair(_ world: SimulatedWorld) -> (client: SimulatedProcess, server: SimulatedProcess) {
        let clients: [[SimulatedProcess]] = [world.agents, world.workers, world.surveySenders]
        let client = any(of: Array(clients.joined()), in: world)
        return (client, client is SurveySenderProcess ? world.relay : world.broker)
    }

    /// Nothing gets through in one direction or both.
    private static func part(_ world: SimulatedWorld) {
        let (client, server) = pair(world), kind = world.random(0...2)
        world.note("\(client.name) and \(server.name) are parted (\(kind))")
        if kind != 0 { world.network.block(client, server) }
        if kind != 1 { world.network.block(server, client) }
        world.after(world.random(100_000...20_000_000)) { [unowned world] in world.network.unblockAll() }
    }

    /// A connection breaks, and what is under way is lost.
    private static func breakSoon(_ world: SimulatedWorld) {
        let (client, server) = pair(world)
        world.after(world.random(0...3_000_000)) { [unowned world] in
            world.note("\(client.name) and \(server.name) lose their connection")
            world.network.sever(client, server)
        }
    }

    private static func cut(_ world: SimulatedWorld) {
        let clients: [[SimulatedProcess]] = [world.workers, world.aggregators, [world.relay]]
        let process = any(of: Array(clients.joined()), in: world)
        world.note("the database and \(process.name) are parted")
        world.database.unreachable.insert(process.place)
        world.after(world.random(100_000...12_000_000)) { [unowned world] in
            world.database.unreachable.remove(process.place)
        }
    }

    private static func slow(_ world: SimulatedWorld) {
        world.note("commits and messages are slow")
        world.database.commitDelay = 500...world.random(100_000...4_000_000)
        world.network.latency = 500...world.random(10_000...1_000_000)
    }

    private static func trouble(_ world: SimulatedWorld) {
        world.note("replies of the database get lost, survey senders fail")
        world.database.lossOfReplies = 0.3
        for sender in world.surveySenders { (sender.failures, sender.hangs) = (0.3, 0.1) }
    }

    /// Everything works again: processes run, messages arrive, the database answers.
    static func heal(_ world: SimulatedWorld) {
        world.note("everything heals")
        world.network.unblockAll()
        world.network.latency = 500...8_000
        world.database.unreachable = []
        world.database.commitDelay = 500...20_000
        world.database.lossOfReplies = 0
        for sender in world.surveySenders { (sender.failures, sender.hangs) = (0, 0) }
        for agent in world.agents { agent.failuresOfDisk = 0 }
        let lame = world.shape.leavesOneLame ? cripple(world) : nil
        for process in world.processes where process !== lame {
            process.resume()
            process.launch()
        }
    }

    /// One of several that do the same never recovers: the others do its work.
    private static func cripple(_ world: SimulatedWorld) -> SimulatedProcess? {
        let groups: [[SimulatedProcess]] = [world.workers, world.surveySenders, world.aggregators]
        let many = groups.filter { $0.count > 1 }
        guard !many.isEmpty else { return nil }
        let lame = any(of: any(of: many, in: world), in: world)
        world.note("\(lame.name) stays lame")
        switch world.random(0...2) {
        case 0: lame.kill()
        case 1: lame.stop()
        default:
            // A survey sender that beats and gets nothing done; anybody else without the database.
            (lame as? SurveySenderProcess)?.isHopeless = true
            world.database.unreachable.insert(lame.place)
        }
        return lame
    }
}
