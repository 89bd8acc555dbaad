/// `hoso aggregator`: folds the ledger into the roll-up, again and again.
final class AggregatorProcess: SimulatedProcess {
    private var isBusy = false
    private var pause = 100_000

    init(_ number: Int, in world: SimulatedWorld) { super.init("aggregator \(number)", in: world) }

    override func begin() {
        isBusy = false
        pause = 100_000
    }

    override func step() {
        guard !isBusy else { return }
        isBusy = true
        let isByID = world.plant == .foldsByID
        world.database.run(by: self, locking: [.fold]) { [unowned self] transaction in
            world.database.fold(in: transaction, byID: isByID)
        } then: { [unowned self] result in
            isBusy = false
            guard case .success = result else {
                wake(in: pause)
                return pause = min(pause * 2, 5_000_000)
            }
            pause = 100_000
            wake(in: 500_000)
        }
    }
}
