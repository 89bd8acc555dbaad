package import Dossiers
package import Store

/// Senders and how far they are, ready to be written.
package struct SendersReport: Sendable {
    private let senders: [(heard: String?, sender: CentreState.Sender)]

    /// A report in local time.
    /// - Parameter now: the moment of the database, in microseconds since 1970.
    package init(_ senders: [CentreState.Sender], now: Int64, zone: LocalZone) {
        var zone = zone
        self.senders = senders.map { sender in
            // To the second: nobody needs more, and so it stays the same from one look to the next.
            let heard = sender.silentSeconds.map { (now - Int64($0 * 1e6)) / 1_000_000 * 1_000_000 }
            return (heard.map { zone.text(of: $0) }, sender)
        }
    }

    private static func isSilent(_ sender: CentreState.Sender) -> Bool {
        sender.silentSeconds.map { $0 > Outstanding.longestSilence } ?? false
    }

    /// The report as one JSON document.
    package var json: String {
        let items = senders.map { heard, sender in
            var object = JSONLine()
            object.add("sender", text: sender.name)
            object.add("heard_at", text: heard)
            object.add("is_silent", raw: String(Self.isSilent(sender)))
            object.add("assigned", raw: String(sender.announced))
            object.add("recorded", raw: String(sender.recorded))
            object.add("waiting", raw: String(sender.waiting))
            object.add("missing", raw: String(sender.missing))
            object.add("alarms", list: sender.alarms)
            return object.text
        }
        return "{\"senders\":[" + items.joined(separator: ",\n  ") + "]}"
    }

    /// The report as CSV.
    package var csv: [String] {
        ["sender,heard_at,is_silent,assigned,recorded,waiting,missing,alarms"]
            + senders.map { heard, sender in
                [
                    sender.name, heard ?? "", "\(Self.isSilent(sender))", "\(sender.announced)", "\(sender.recorded)",
                    "\(sender.waiting)", "\(sender.missing)", sender.alarms.joined(separator: " "),
                ].map(AdoptionReport.quoted).joined(separator: ",")
            }
    }
}

/// How far survey tasks have been carried out, ready to be written.
package struct SurveysReport: Sendable {
    private let state: SurveyState
    private let oldest: String?

    /// A report in local time.
    package init(_ state: SurveyState, zone: LocalZone) {
        var zone = zone
        self.state = state
        oldest = state.oldest.map { zone.text(of: $0) }
    }

    private var isCut: Bool { max(state.waiting, state.scheduled) >= CentreState.mostTasks }

    /// The report as one JSON document.
    package var json: String {
        var object = JSONLine()
        object.add("waiting", raw: String(state.waiting))
        object.add("scheduled", raw: String(state.scheduled))
        object.add("oldest_due_at", text: oldest)
        object.add("is_cut", raw: String(isCut))
        return object.text
    }

    /// The report as CSV.
    package var csv: [String] {
        ["waiting,scheduled,oldest_due_at,is_cut", "\(state.waiting),\(state.scheduled),\(oldest ?? ""),\(isCut)"]
    }
}
