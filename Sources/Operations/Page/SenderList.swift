import Adoption
import Dossiers
import Store

/// The senders, those first that need a look.
struct SenderList {
    private let senders: [CentreState.Sender]
    private let outstanding: Outstanding
    private let text: PageText
    private let zone: LocalZone

    /// A list.
    init(_ senders: [CentreState.Sender], _ outstanding: Outstanding, text: PageText, zone: LocalZone) {
        self.senders = senders
        self.outstanding = outstanding
        self.text = text
        self.zone = zone
    }

    /// What needs a look, a sentence each.
    var complaints: [String] {
        var complaints: [String] = []
        if let first = outstanding.silent.first {
            let (silent, all) = (outstanding.silent.count, outstanding.senders)
            let since = text.moment(first.since, in: zone)
            complaints.append(
                text.say(
                    "\(silent) trên \(all) điểm gửi im lặng, lâu nhất từ \(since)",
                    "\(silent) of \(all) senders silent, the longest since \(since)"))
        }
        let missing = senders.filter { $0.missing > 0 }.count
        if missing > 0 {
            complaints.append(
                text.say("\(missing) điểm gửi có số bị thiếu", "numbers are missing of \(missing) senders"))
        }
        let alarmed = senders.filter { !$0.alarms.isEmpty }.count
        if alarmed > 0 {
            complaints.append(
                text.say(
                    "\(alarmed) điểm gửi có cảnh báo về hàng đợi",
                    "there are alarms about the spools of \(alarmed) senders"))
        }
        return complaints
    }

    /// The table.
    var table: PlainTable {
        let columns: [PlainTable.Cell] = [
            .init(text.say("Điểm gửi", "Sender")), .init(text.say("Tình trạng", "State")),
            .init(text.say("Liên lạc", "Last heard")), .init(text.say("Đã ghi", "Recorded"), "number"),
            .init(text.say("Đang chờ", "Waiting"), "number"), .init(text.say("Thiếu số", "Missing"), "number"),
        ]
        let order = senders.sorted { left, right in
            let (one, other) = (weight(left), weight(right))
            return one != other ? one.lexicographicallyPrecedes(other, by: >) : left.name < right.name
        }
        return PlainTable(
            name: "senders",
            caption: text.say("Điểm gửi cần xem đứng trước.", "Those that need a look come first."), columns: columns,
            rows: order.map(row))
    }

    /// The greater, the sooner somebody should look.
    private func weight(_ sender: CentreState.Sender) -> [Int64] {
        [Int64(sender.alarms.count), sender.missing, isSilent(sender) ? 1 : 0, sender.waiting]
    }

    private func isSilent(_ sender: CentreState.Sender) -> Bool {
        (sender.silentSeconds ?? 0) > Outstanding.longestSilence
    }

    private func row(_ sender: CentreState.Sender) -> PlainTable.Row {
        let states = states(sender)
        let heard =
            sender.silentSeconds.map { text.say("\(text.duration($0)) trước", "\(text.duration($0)) ago") }
            ?? text.say("chưa lần nào", "never")
        return PlainTable.Row(
            name: sender.name,
            cells: [
                states.isEmpty
                    ? .init(text.say("bình thường", "well")) : .init(states.joined(separator: ", "), "word warn"),
                .init(heard, "word nowrap"), .init(text.number(sender.recorded), "number"),
                .init(text.number(sender.waiting), "number"), .init(text.number(sender.missing), "number"),
            ])
    }

    private func states(_ sender: CentreState.Sender) -> [String] {
        var states = sender.alarms.map { kind in
            kind == "fork"
                ? text.say("hai hàng đợi dùng chung một tên", "two spools go by this name")
                : text.say("hàng đợi là bản sao cũ", "its spool is an old copy")
        }
        if sender.missing > 0 { states.append(text.say("thiếu số", "numbers are missing")) }
        if isSilent(sender) { states.append(text.say("im lặng", "silent")) }
        if sender.waiting > 0 { states.append(text.say("còn hồ sơ chưa đến", "behind")) }
        return states
    }
}
