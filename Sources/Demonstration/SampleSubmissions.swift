package import Dossiers

/// Valid, unique submissions for load tests: the same ones for the same seed.
///
/// They come as in life, day after day: every unit takes fifty on a day, common procedures more often than rare ones.
package struct SampleSubmissions: Sequence, IteratorProtocol {
    private let count: Int
    /// Numbers of the codes begin behind it, so that another seed gives other dossiers.
    private let base: Int
    private var index = 0
    private var synthesis: Synthesis
    private let days: [(day: Day, text: String, code: String)]

    private let weights = LamHa.procedures.map(\.weight)
    private static let perDay = 50

    /// So many submissions, from the first day of 2022 on; two seeds share no code for up to two million of them.
    package init(count: Int, seed: UInt64 = 1) {
        self.count = count
        base = Int((seed &- 1) % 9_999) * 100
        synthesis = Synthesis(seed: seed)
        let first = Day(year: 2022, month: 1, day: 1) ?? Day(number: 18_993)
        days = (0..<1_460).map { offset in
            let day = first.advanced(by: offset)
            return (day, day.description, Synthesis.compact(day))
        }
    }

    /// The next submission, or `nil` after the last one.
    package mutating func next() -> Submission? {
        guard index < count else { return nil }
        defer { index += 1 }
        let unit = LamHa.units[index % LamHa.units.count]
        let (round, place) = (index / LamHa.units.count).quotientAndRemainder(dividingBy: Self.perDay)
        let (day, text, code) = days[round % days.count]
        let number = base + round / days.count * Self.perDay + place + 1
        let procedure = LamHa.procedures[synthesis.pick(weights)]
        let channel = synthesis.pick([68, 24, 8])
        var submission = Submission()
        submission.dossierCode = "\(unit.code)-\(code)-\(Synthesis.padded(number, 6))"
        submission.receivedAt = text + "T09:\(Synthesis.padded(synthesis.number(below: 60), 2)):00+07:00"
        submission.dueAt = Synthesis.time(day.advanced(by: procedure.days), minutes: 16 * 60 + 30)
        let lateness = synthesis.pick([80, 12, 8])
        let finished = day.advanced(by: Swift.max(0, procedure.days - 1 + lateness))
        submission.finishedAt = Synthesis.time(finished, minutes: 16 * 60)
        submission.unit = unit.code
        submission.procedure = procedure.code
        submission.sector = procedure.sector
        submission.channel = ["in_person", "online", "postal"][channel]
        submission.returnChannel = ["in_person", "online", "postal"][synthesis.pick([60, 20, 20])]
        submission.deskOperator = channel == 0 ? "post_office" : ""
        submission.onlineLevel = procedure.onlineLevel
        submission.applicantKind = "citizen"
        submission.applicantID = synthesis.personalID()
        submission.applicantName = synthesis.name()
        submission.applicantPhone = synthesis.phone()
        submission.status = "9"
        return submission
    }
}
