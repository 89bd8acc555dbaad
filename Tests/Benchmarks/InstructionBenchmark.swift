/// A piece of work whose instructions are counted.
struct InstructionBenchmark: Sendable {
    /// Does a round of the work, whose number counts from 0, and tells how much came out of it, so that no optimiser
    /// leaves it out.
    typealias Round = (_ number: Int) throws -> Int

    /// Its name in the table and in the baseline.
    let name: String
    /// Dossiers of a round.
    let dossiers: Int
    /// Rounds that are counted, after a first one that fills caches and is not.
    var rounds = 4
    /// Makes what the rounds work on; not counted.
    ///
    /// Files go into the folder.
    let prepare: @Sendable (_ folder: String) throws -> Round

    /// All of them, in the order of the way that a dossier takes.
    static var all: [InstructionBenchmark] { spool + batch + entry + database }

    /// Does the work; only what happens in ``countedRound(_:_:)`` is counted.
    /// - Returns: how much came out of it.
    func run(in folder: String) throws -> Int {
        let round = try prepare(folder)
        var outcome = try round(0)
        for number in 1...rounds { outcome += try countedRound(number, round) }
        return outcome
    }
}

/// A round that is counted: ``Callgrind`` knows this function by its name.
@inline(never)
private func countedRound(_ number: Int, _ round: InstructionBenchmark.Round) throws -> Int {
    try round(number)
}

/// Something without which nothing can be counted.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
