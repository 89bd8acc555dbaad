import Machines

/// A process: the thin shell around a real machine, which may be killed, stopped and started at any moment.
///
/// What is to happen to it happens in ``perform(_:)``: later while it is stopped, and never in another life.
class SimulatedProcess {
    unowned let world: SimulatedWorld
    /// Name in traces.
    let name: String
    /// Its number among all processes.
    let place: Int
    /// Whether it runs (or is stopped).
    private(set) var isRunning = false
    /// Whether a SIGSTOP holds it.
    private(set) var isStopped = false
    /// Counts its lives; what an earlier one planned is void.
    private(set) var life = 0
    private var held: [() -> Void] = []
    private var alarm: Int?

    init(_ name: String, in world: SimulatedWorld) {
        self.world = world
        self.name = name
        place = world.processes.count
        world.processes.append(self)
    }

    /// Takes up work with nothing in memory.
    func begin() {}
    /// Does what its machine asks for now.
    func step() {}
    /// A message came.
    func receive(_ message: Message, from peer: PeerID) {}

    /// Starts it.
    final func launch() {
        guard !isRunning else { return }
        world.note("\(name) starts")
        isRunning = true
        life += 1
        begin()
        step()
    }

    /// SIGKILL: what was in memory is gone.
    final func kill() {
        guard isRunning else { return }
        world.note("\(name) is killed")
        isRunning = false
        isStopped = false
        life += 1
        held = []
        alarm = nil
        world.network.forget(self)
    }

    /// SIGSTOP.
    final func stop() {
        guard isRunning, !isStopped else { return }
        world.note("\(name) is stopped")
        isStopped = true
        world.network.suspect(self)
    }

    /// SIGCONT: it goes on as if no time had passed.
    final func resume() {
        guard isStopped else { return }
        world.note("\(name) goes on")
        isStopped = false
        let actions = held
        held = []
        for action in actions { perform(action) }
        perform { [unowned self] in step() }
    }

    /// Does something now, or when it goes on.
    final func perform(_ action: @escaping () -> Void) {
        guard isRunning else { return }
        if isStopped { held.append(action) } else { action() }
    }

    /// Does something after a while, in this life.
    final func after(_ delay: Int, _ action: @escaping () -> Void) {
        let planned = life
        world.after(delay) { [unowned self] in if life == planned { perform(action) } }
    }

    /// Has ``step()`` called at a moment, or earlier.
    final func wake(at moment: Moment) { wake(atTime: world.time(of: moment)) }

    /// Has ``step()`` called after a while, or earlier.
    final func wake(in delay: Int) { wake(atTime: world.time + delay) }

    private func wake(atTime time: Int) {
        if let alarm, alarm <= time { return }
        alarm = time
        let planned = life
        world.at(max(time, world.time + 1)) { [unowned self] in
            guard life == planned, alarm == time else { return }
            alarm = nil
            perform { [unowned self] in step() }
        }
    }
}
