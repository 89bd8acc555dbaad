package import Dossiers

/// A year of Lâm Hà district, 2022, as two senders hand it in: the post office (in person and postal) and the portal.
///
/// Everything follows from the seed, so what must come out at the other end is known beforehand.
package struct LamHaYear: Sendable {
    /// A file that a sender hands in.
    package struct File: Sendable {
        /// Name of the sender.
        package let sender: String
        /// Name of the file.
        package let name: String
        /// What is in it.
        package var submissions: [Submission]
    }

    /// What must be found at the centre when everything has arrived.
    package struct Expectation: Sendable, Equatable {
        /// Stored dossiers per month and channel code.
        package var stored: [String: [String: Int]] = [:]
        /// Quarantined entries per code of the reason.
        package var quarantined: [String: Int] = [:]
        /// Entries that repeat a stored dossier.
        package var duplicates = 0
        /// Entries that were sent.
        package var sent = 0

        /// Nothing.
        package init() {}

        /// Stored dossiers.
        package var storedCount: Int { stored.values.reduce(0) { $0 + $1.values.reduce(0, +) } }
        /// Quarantined entries.
        package var quarantinedCount: Int { quarantined.values.reduce(0, +) }
    }

    /// The files, in the order in which they are handed in.
    package private(set) var files: [File] = []
    /// What must come out.
    package private(set) var expectation = Expectation()
    private var synthesis: Synthesis
    private var counters: [String: Int] = [:]
    /// Dossiers that are handed in once more, unchanged or changed, in a later file.
    private var repeats: [(sender: String, submission: Submission, isChanged: Bool)] = []

    /// A year with about so many dossiers.
    package init(dossiers: Int = 24_000, seed: UInt64 = 2022) {
        synthesis = Synthesis(seed: seed)
        let first = Day(year: 2022, month: 1, day: 1) ?? Day(number: 18_993)
        let days = (0..<365).map { first.advanced(by: $0) }
        let weights = days.map(Self.weight)
        let total = weights.reduce(0, +)
        for month in 1...12 {
            var post: [Submission] = [], portal: [Submission] = []
            for (day, weight) in zip(days, weights) where day.components.month == month {
                let count = (dossiers * weight + total / 2) / total
                for _ in 0..<count { hand(in: day, post: &post, portal: &portal) }
            }
            add(post, sender: "post-office", month)
            add(portal, sender: "portal", month)
        }
    }

    /// Mondays are the busiest days; at Tết and on Sundays the desks are closed.
    private static func weight(_ day: Day) -> Int {
        let (_, month, date) = day.components
        let isTet = (month == 1 && date == 31) || (month == 2 && date <= 6)
        if isTet || day.weekday == 7 { return 2 }
        return [160, 105, 100, 100, 90, 25][day.weekday - 1]
    }

    private mutating func hand(in day: Day, post: inout [Submission], portal: inout [Submission]) {
        let month = day.components.month
        let isClosed = Self.weight(day) == 2
        // Per mille: online rises from 90 to 310, postal from 30 to 80 within the year.
        let online = isClosed ? 1000 : 90 + 20 * (month - 1)
        let channel = synthesis.pick([
            max(0, 1000 - online - (25 + 5 * (month - 1))), online, isClosed ? 0 : 25 + 5 * (month - 1),
        ])
        var submission = dossier(day, channel: channel)
        let code = ["in_person", "online", "postal"][channel]
        let fault = synthesis.isHit(perMille: 6) ? spoil(&submission) : nil
        if let fault {
            expectation.quarantined[fault, default: 0] += 1
        } else {
            expectation.stored[day.month, default: [:]][code, default: 0] += 1
            let sender = channel == 1 ? "portal" : "post-office"
            if synthesis.isHit(perMille: 1) { repeats.append((sender, submission, synthesis.isHit(perMille: 250))) }
        }
        if channel == 1 { portal.append(submission) } else { post.append(submission) }
    }

    private mutating func dossier(_ day: Day, channel: Int) -> Submission {
        let unit = LamHa.units[synthesis.pick(LamHa.units.map(\.weight))]
        let procedure = LamHa.procedures[
            synthesis.pick(
                LamHa.procedures.map { procedure in
                    channel == 1 && procedure.onlineLevel == "none" ? 0 : procedure.weight
                })]
        let series = "\(unit.code)-\(Synthesis.compact(day))"
        counters[series, default: 0] += 1
        var submission = Submission()
        submission.dossierCode = "\(series)-\(Synthesis.padded(counters[series] ?? 1, 4))"
        submission.receivedAt = Synthesis.time(day, minutes: 450 + synthesis.number(below: channel == 1 ? 840 : 540))
        submission.dueAt = Synthesis.time(day.advanced(by: procedure.days), minutes: 16 * 60 + 30)
        if !synthesis.isHit(perMille: 15) { finish(&submission, day, procedure) }
        submission.unit = unit.code
        submission.procedure = procedure.code + ".H36"
        submission.sector = procedure.sector
        submission.channel = channel == 1 ? "2" : ["in_person", "", "postal"][channel]
        submission.deskOperator = channel == 0 ? (day.components.month >= 4 ? "post_office" : "agency") : ""
        submission.applicantKind = "citizen"
        submission.applicantID = synthesis.personalID()
        submission.applicantName = synthesis.name()
        submission.applicantPhone = synthesis.phone()
        return submission
    }

    private mutating func finish(_ submission: inout Submission, _ day: Day, _ procedure: LamHa.Procedure) {
        let difference = [-1, 0, 3][synthesis.pick([62, 30, 8])]
        let finished = day.advanced(by: max(0, procedure.days + difference))
        submission.finishedAt = Synthesis.time(finished, minutes: 15 * 60 + 45)
        submission.status = "9"
        guard synthesis.isHit(perMille: 930) else { return }
        submission.returnedAt = Synthesis.time(finished.advanced(by: synthesis.number(below: 4)), minutes: 16 * 60)
        submission.returnChannel = ["in_person", "online", "postal"][synthesis.pick([70, 12, 18])]
        submission.status = "10"
    }

    /// Puts one fault into a submission and returns its code.
    private mutating func spoil(_ submission: inout Submission) -> String {
        switch synthesis.number(below: 7) {
        case 0:
            submission.channel = "zalo"
            return FaultCode.channelUnknown.rawValue
        case 1:
            submission.dossierCode = "\(submission.unit)-220230-\(submission.dossierCode.suffix(4))"
            return FaultCode.dossierCodeDateImpossible.rawValue
        case 2:
            submission.returnedAt = ""
            submission.finishedAt = "2021-12-20T10:00:00+07:00"
            return FaultCode.finishedBeforeReceived.rawValue
        case 3:
            submission.applicantPhone = "0123"
            return FaultCode.phoneMalformed.rawValue
        case 4:
            submission.applicantKind = "enterprise"
            submission.applicantID = "0100047517"
            return FaultCode.taxCodeMalformed.rawValue
        case 5:
            submission.unit = ""
            return FaultCode.missing.rawValue
        default:
            submission.applicantID = String(submission.applicantID.dropLast())
            return FaultCode.personalIDMalformed.rawValue
        }
    }

    private mutating func add(_ submissions: [Submission], sender: String, _ month: Int) {
        var submissions = submissions
        // What earlier files held once more; the latest additions belong to this very file and have to wait.
        let date = "2022-\(Synthesis.padded(month, 2))"
        for item in repeats where item.sender == sender && !item.submission.receivedAt.hasPrefix(date) {
            var again = item.submission
            if item.isChanged {
                again.applicantName += " B"
                expectation.quarantined[FaultCode.conflict.rawValue, default: 0] += 1
            } else {
                expectation.duplicates += 1
            }
            submissions.append(again)
        }
        repeats.removeAll { $0.sender == sender && !$0.submission.receivedAt.hasPrefix(date) }
        expectation.sent += submissions.count
        files.append(File(sender: sender, name: "\(date).ndjson", submissions: submissions))
    }
}
