/// What the senders' operators write, and when.
enum Workload {
    /// Plans all entries: most are good, some faulty, some dossiers come twice, with the same content or with another.
    static func plan(in world: SimulatedWorld) {
        var written: [Entry] = []
        while written.count < world.shape.entries {
            let entries = (0..<world.random(1...8)).map { _ in entry(written, in: world) }
            written += entries
            let agent = world.agents[world.random(0...world.agents.count - 1)]
            world.at(world.random(0...world.shape.turmoil)) { agent.write(entries) }
        }
    }

    private static func entry(_ written: [Entry], in world: SimulatedWorld) -> Entry {
        let isFaulty = world.chance(0.05)
        if world.chance(0.15), let earlier = written.randomElement(using: &world.random) {
            return Entry(code: earlier.code, content: world.chance(0.5) ? earlier.content : 9, isFaulty: isFaulty)
        }
        return Entry(code: world.random(0...1_000_000), content: 0, isFaulty: isFaulty)
    }
}
