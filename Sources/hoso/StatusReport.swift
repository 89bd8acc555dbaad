import Adoption
import Dossiers
import Foundation
import Store

/// How everything fares, ready to be written: what needs a look is marked.
struct StatusReport {
    /// What is known of the centre.
    enum Centre: Sendable {
        /// What its database says, and how many entries per second arrive, where some are waiting.
        case seen(CentreState, drained: Double?)
        /// The database cannot be reached.
        case unreachable(String)
        /// This machine has no centre.
        case elsewhere
    }

    let services: [ServiceState]
    /// Whether services of this machine should be seen.
    let areServicesExpected: Bool
    /// Whether whoever asks may not look at them.
    let isHidden: Bool
    let centre: Centre
    let language: Language

    /// A sender of which nothing was heard for longer needs a look.
    private static let longestSilence = 900.0
    /// Figures that are further behind need a look.
    private static let longestLag = 60.0
    /// Survey tasks that are due for longer need a look.
    private static let longestSurveyWait = 86_400.0
    private static let mostSenders = 20

    /// Whether nothing needs a look.
    var isWell: Bool { complaints.isEmpty }

    private func say(_ vietnamese: String, _ english: String) -> String { language.choose(vietnamese, english) }
    private func grouped(_ number: Int64) -> String { Figures.grouped(number, language) }

    /// What needs a look, a sentence each.
    var complaints: [String] {
        var complaints: [String] = []
        if isHidden {
            complaints.append(
                say("không được phép xem dịch vụ: hãy chạy bằng root", "you may not look at the services: ask as root"))
        } else if services.isEmpty, areServicesExpected {
            complaints.append(say("không có dịch vụ nào chạy", "no service runs"))
        }
        for kind in missing { complaints.append("\(kind): " + say("không chạy", "does not run")) }
        for service in services where service.state != "ready" {
            let reason = service.reason.map { " (\($0))" } ?? ""
            complaints.append("\(service.name): \(word(service.state))\(reason)")
        }
        switch centre {
        case .elsewhere: break
        case .unreachable(let reason):
            complaints.append(say("không kết nối được cơ sở dữ liệu", "the database cannot be reached") + ": \(reason)")
        case .seen(let state, _): complaints += Self.complaints(of: state, language)
        }
        return complaints
    }

    /// Where there is a broker there is a centre, which has the others too.
    private var missing: [String] {
        guard services.contains(where: { $0.name.hasPrefix("broker") }) else { return [] }
        return ["worker", "aggregator", "surveys", "operations"].filter { kind in
            !services.contains { $0.name.hasPrefix(kind) }
        }
    }

    private static func complaints(of state: CentreState, _ language: Language) -> [String] {
        var complaints: [String] = []
        for sender in state.senders {
            for kind in sender.alarms {
                complaints.append(
                    "\(sender.name): "
                        + (kind == "fork"
                            ? language.choose("hai hàng đợi dùng chung một tên", "two spools go by this name")
                            : language.choose("hàng đợi là bản sao cũ", "its spool is an old copy")))
            }
            if sender.missing > 0 {
                complaints.append(
                    "\(sender.name): " + language.choose("thiếu số", "numbers are missing")
                        + ": \(Figures.grouped(sender.missing, language))")
            }
        }
        if state.foldLag > longestLag {
            complaints.append(
                language.choose("số liệu chậm", "the figures are behind by") + " \(duration(state.foldLag))")
        }
        if state.quarantined > 0 {
            complaints.append(
                language.choose("bản ghi chờ xử lý ở khu giữ lại", "entries wait in the quarantine")
                    + ": \(Figures.grouped(state.quarantined, language))")
        }
        if state.oldestTask > longestSurveyWait {
            complaints.append(
                language.choose("nhiệm vụ khảo sát chờ đã", "survey tasks have waited for")
                    + " \(duration(state.oldestTask))")
        }
        return complaints
    }

    /// The report for people.
    var lines: [String] {
        var lines = serviceLines
        if case .seen(let state, let drained) = centre { lines += centreLines(state, drained) }
        let complaints = complaints
        lines.append("")
        guard !complaints.isEmpty else { return lines + [say("Mọi thứ đều ổn.", "All is well.")] }
        lines.append(say("Cần xem:", "Needs a look:"))
        return lines + complaints.map { "  ! \($0)" }
    }

    private var serviceLines: [String] {
        guard !services.isEmpty else {
            return [say("Không thấy dịch vụ nào trên máy này.", "No service is seen on this machine.")]
        }
        let rows = services.map { [$0.name, word($0.state), $0.reason ?? ""] }
        return TextTable(
            header: [say("Dịch vụ", "Service"), say("Tình trạng", "State"), say("Lý do", "Reason")], rows: rows,
            leftColumns: 3
        ).lines
    }

    private func centreLines(_ state: CentreState, _ drained: Double?) -> [String] {
        // Those that need a look first.
        let order = state.senders.sorted {
            ($0.alarms.count, $0.missing, $0.waiting, $0.silentSeconds ?? 0)
                > ($1.alarms.count, $1.missing, $1.waiting, $1.silentSeconds ?? 0)
        }
        let rows = order.prefix(Self.mostSenders).map { sender in
            [
                sender.name, heard(sender), grouped(sender.recorded), grouped(sender.waiting), grouped(sender.missing),
                sender.alarms.joined(separator: ", "),
            ]
        }
        var lines = [""]
        lines +=
            TextTable(
                header: [
                    say("Điểm gửi", "Sender"), say("Liên lạc", "Last heard"), say("Đã ghi", "Recorded"),
                    say("Đang chờ", "Waiting"),
                    say("Thiếu số", "Missing"), say("Cảnh báo", "Alarms"),
                ], rows: rows, leftColumns: 2
            ).lines
        if order.count > rows.count {
            lines.append(
                say("… và \(order.count - rows.count) điểm gửi khác", "… and \(order.count - rows.count) more"))
        }
        lines.append("")
        lines.append(say("Khu giữ lại", "Quarantine") + ": \(grouped(state.quarantined))" + reasons(state))
        lines.append(say("Số liệu chậm", "Figures behind by") + ": \(Self.duration(state.foldLag))")
        let isMore = state.waitingTasks >= CentreState.mostTasks ? "≥ " : ""
        lines.append(
            say("Nhiệm vụ khảo sát đang chờ", "Survey tasks waiting") + ": \(isMore)\(grouped(state.waitingTasks))"
                + (state.waitingTasks > 0
                    ? ", " + say("lâu nhất", "the oldest for") + " \(Self.duration(state.oldestTask))" : ""))
        let waiting = state.senders.reduce(Int64(0)) { $0.addingReportingOverflow($1.waiting).partialValue }
        if waiting > 0, let drained {
            let time =
                drained > 0 ? Self.duration(Double(waiting) / drained) : say("chưa biết", "not known: nothing arrives")
            lines.append(say("Thời gian nhận hết", "Time to drain") + ": \(time)")
        }
        return lines
    }

    private func reasons(_ state: CentreState) -> String {
        let shown = state.quarantine.prefix(5).map { reason, entries in
            let sentence = FaultCode(rawValue: reason).map { Fault($0).sentence(in: language) } ?? reason
            return "  \(grouped(entries)) × \(sentence)"
        }
        return shown.isEmpty ? "" : "\n" + shown.joined(separator: "\n")
    }

    private func heard(_ sender: CentreState.Sender) -> String {
        guard let seconds = sender.silentSeconds else { return say("chưa lần nào", "never") }
        let mark = seconds > Self.longestSilence ? say(" (im lặng)", " (silent)") : ""
        return say("\(Self.duration(seconds)) trước", "\(Self.duration(seconds)) ago") + mark
    }

    private func word(_ state: String) -> String {
        guard language == .vietnamese else { return state }
        return switch state {
        case "ready": "sẵn sàng"
        case "degraded": "hoạt động một phần"
        case "starting": "đang khởi động"
        case "stopping": "đang dừng"
        case "stuck": "bị treo"
        default: "không trả lời"
        }
    }

    /// A time in the unit that suits it, as both languages write it.
    static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<100: "\(Int(seconds.rounded())) s"
        case ..<6_000: "\(Int((seconds / 60).rounded())) min"
        case ..<172_800: "\(Int((seconds / 3_600).rounded())) h"
        default: "\(Int((seconds / 86_400).rounded())) d"
        }
    }
}
