import Adoption
import Dossiers
import Store

/// The page of rates, of everything or of one unit or procedure: what its template is filled with.
struct AdoptionPage {
    /// What it is about.
    enum Subject: Sendable, Equatable {
        case everything
        case unit(String)
        case procedure(String)

        /// The path of its page.
        var path: String {
            switch self {
            case .everything: "/"
            case .unit(let code): "/units/" + PageQuestion.encoded(PageQuestion.written(code))
            case .procedure(let code): "/procedures/" + PageQuestion.encoded(PageQuestion.written(code))
            }
        }
    }

    let subject: Subject
    /// What the address asks for; the subject is not in it.
    let asked: PageQuestion
    let figures: PageFigures
    let text: PageText
    let zone: LocalZone

    private static let mostProcedures = 20

    /// The question of which these are the figures.
    ///
    /// A rate of one procedure in one unit is only ever shown in a table, which leaves out what too few dossiers stand behind.
    static func question(_ asked: PageQuestion, about subject: Subject) -> PageQuestion {
        asked.with { question in
            switch subject {
            case .everything: question.procedure = nil
            case .unit(let code): (question.unit, question.procedure) = (code, nil)
            case .procedure(let code): (question.unit, question.procedure) = (nil, code)
            }
        }
    }

    private var question: PageQuestion { Self.question(asked, about: subject) }
    private var language: Language { text.language }
    private var metric: Metric { asked.metric }

    /// The title of the page.
    var title: String {
        switch subject {
        case .everything: metric.title(in: language)
        case .unit(let code): figures.names.unit(code, text)
        case .procedure(let code): figures.names.procedure(code, text)
        }
    }

    /// The fields of its template.
    var fields: Fields {
        var fields = form.fields
        fields["heading1"] = title
        fields["lead"] = lead
        fields["cursor"] = figures.cursor
        fields["liveWord"] = text.say("Tự cập nhật khi có hồ sơ mới", "Updates by itself")
        fields["pausedWord"] = text.say("Đã tạm dừng cập nhật", "Updates are paused")
        fields["pauseWord"] = text.say("Tạm dừng", "Pause")
        fields["resumeWord"] = text.say("Tiếp tục", "Go on")
        fields["nowWord"] = text.say("Tỷ lệ trong thời gian này", "Rates of these days")
        fields["tiles"] = tiles
        fields["certainty"] = certainty
        fields["dossiersLink"] = question.with {
            $0.sort = nil
            $0.showsAll = false
        }.link("/dossiers")
        fields["dossiersWord"] = text.say("Xem các hồ sơ đằng sau tỷ lệ này", "The dossiers behind these rates")
        fields["trendWord"] = text.say("Diễn biến", "Trend")
        let trend = TrendView(figures: figures, metric: metric, text: text)
        if trend.isEmpty {
            fields["noChart"] = text.say(
                "Không có hồ sơ nào trong thời gian này.", "There are no dossiers of these days.")
        } else {
            fields["chart"] = trend.fields
        }
        fields["tables"] = tables
        if subject == .everything {
            fields["state"] = true
            addState(to: &fields)
        } else {
            fields["backLink"] = asked.with {
                $0.sort = nil
                $0.showsAll = false
            }.link("/")
            fields["backWord"] = text.say("Tất cả", "Everything")
            switch subject {
            case .unit(let code) where code != title, .procedure(let code) where code != title:
                fields["headingCode"] = code.isEmpty ? nil : code
            default: break
            }
        }
        return fields
    }

    private var form: QuestionForm {
        // Units that are in no catalogue are found in the table.
        let units = subject == .everything ? Array(figures.names.units.keys) : []
        return QuestionForm(
            question: asked, text: text, names: figures.names, path: subject.path,
            units: units.sorted { figures.names.unit($0, text) < figures.names.unit($1, text) })
    }

    private var lead: String {
        let last = figures.days.to?.advanced(by: -1) ?? figures.span?.upperBound
        var parts = [text.days(figures.days.from ?? figures.span?.lowerBound, last)]
        if subject != .everything { parts.append(metric.title(in: language)) }
        if let unit = asked.unit, subject == .everything {
            parts.append(figures.names.unit(unit, text))
        } else if subject == .everything {
            parts.append(text.say("tất cả đơn vị", "all units"))
        }
        return parts.joined(separator: " · ")
    }

    // MARK: Rates now

    private var tiles: [Fields] {
        let columns = RateTable.columns(of: metric)
        let rates = RateTable.rates(of: figures.total, metric)
        let before = figures.before.map { RateTable.rates(of: $0, metric) }
        let yearBefore = figures.yearBefore.map { RateTable.rates(of: $0, metric) }
        let channels: [Channel] = metric == .shareOfAll ? AdoptionReport.channels : [.online]
        return columns.indices.map { place -> Fields in
            let rate = rates[place]
            var tile: Fields = [
                "lineClass": columns[place].style,
                "tileName": metric == .shareOfAll
                    ? channels[place].title(in: language) : metric.title(in: language),
                "tileFigure": text.percent(rate), "tileCounts": counts(rate),
                "tileShare": rate.share.map { "\($0)" } ?? "",
            ]
            if figures.outstanding.entries > 0, rate.denominator > 0 {
                let bounds = figures.outstanding.bounds(of: rate, metric, channel: channels[place])
                let (lower, upper) = (text.percent(bounds.lower), text.percent(bounds.upper))
                tile["tileBounds"] = text.say(
                    "chắc chắn từ \(lower) đến \(upper)", "certainly between \(lower) and \(upper)")
            }
            tile["changes"] = [
                change(rate, before?[place], text.say("so với kỳ liền trước", "on the period before")),
                change(
                    rate, yearBefore?[place], text.say("so với cùng kỳ năm trước", "on the same days a year before")),
            ].compactMap(\.self)
            return tile
        }
    }

    private func counts(_ rate: Rate) -> String {
        guard rate.denominator > 0 else { return text.say("chưa có hồ sơ nào", "no dossiers") }
        let (part, all) = (text.number(rate.numerator), text.number(rate.denominator))
        return text.say("\(part) trên \(all) hồ sơ", "\(part) of \(all) dossiers")
    }

    private func change(_ rate: Rate, _ before: Rate?, _ word: String) -> Fields? {
        guard let before, let points = text.points(rate, since: before) else { return nil }
        return ["changeFigure": points, "changeWord": word]
    }

    private var certainty: String {
        let outstanding = figures.outstanding
        guard outstanding.entries > 0 else {
            return outstanding.silent.isEmpty
                ? text.say(
                    "Mọi hồ sơ mà điểm gửi đã đánh số đều đã đến.",
                    "Every dossier that senders have numbered has arrived.")
                : text.say(
                    "Mọi hồ sơ đã biết đều đã đến; điểm gửi im lặng có thể còn hồ sơ khác.",
                    "Everything that is known of has arrived; senders that are silent may have more.")
        }
        let count = text.number(outstanding.entries)
        return text.say(
            "Nhiều nhất \(count) hồ sơ đã đánh số ở điểm gửi nhưng chưa đến trung tâm.",
            "At most \(count) dossiers have been numbered by senders and have not arrived.")
    }

    // MARK: Tables

    private var tables: [Fields] {
        var tables: [Fields] = []
        let isOneUnit = question.unit != nil
        if !isOneUnit { tables.append(unitTable) }
        if case .procedure = subject { return tables }
        let table = RateTable(
            figures.byProcedure, metric: metric, minimum: isOneUnit ? RateTable.smallest : nil
        ) { figures.names.procedure($0, text) }
        var fields = view(
            table, "procedures", text.say("Thủ tục", "Procedure"),
            text.say("Bấm vào tiêu đề cột để sắp xếp.", "Choose a heading to sort."), isRanked: false
        ) { row in
            isOneUnit ? dossiers(row, unit: nil, procedure: row.code, in: table) : link(to: .procedure(row.code))
        }.fields
        fields["tableHeading"] = text.say("Theo thủ tục", "By procedure")
        return tables + [fields]
    }

    private var unitTable: Fields {
        // Of one procedure in one unit there may be few dossiers.
        var minimum: Int64?
        if case .procedure = subject { minimum = RateTable.smallest }
        let table = RateTable(figures.byUnit, metric: metric, minimum: minimum) { figures.names.unit($0, text) }
        var view = view(table, "units", text.say("Đơn vị", "Unit"), "", isRanked: true) { row in
            guard case .procedure = subject else { return link(to: .unit(row.code)) }
            return dossiers(row, unit: row.code, procedure: nil, in: table)
        }
        let ranked = text.title(of: view.ranking, metric).lowercased()
        view.caption = text.say(
            "Xếp hạng theo cột “\(ranked)”; bằng nhau thì cùng hạng. Bấm vào tiêu đề cột để sắp xếp.",
            "Ranked by “\(ranked)”; equal rates have the same rank. Choose a heading to sort.")
        var fields = view.fields
        fields["tableHeading"] = text.say("Theo đơn vị", "By unit")
        return fields
    }

    private func view(
        _ table: RateTable, _ name: String, _ what: String, _ caption: String, isRanked: Bool,
        link: @escaping (RateTable.Row) -> String?
    ) -> RateTableView {
        RateTableView(
            table: table, question: asked, text: text, name: name, caption: caption, what: what, path: subject.path,
            isRanked: isRanked, link: link, most: isRanked ? .max : Self.mostProcedures)
    }

    /// Where the dossiers of a procedure in a unit are listed; nowhere, where there are too few of them.
    private func dossiers(
        _ row: RateTable.Row, unit: String?, procedure: String?, in table: RateTable
    ) -> String? {
        guard !row.isSmall(below: table.minimum) else { return nil }
        return question.with {
            $0.unit = unit ?? $0.unit
            $0.procedure = procedure ?? $0.procedure
            $0.sort = nil
            $0.showsAll = false
        }.link("/dossiers")
    }

    private func link(to other: Subject) -> String {
        asked.with {
            $0.sort = nil
            $0.showsAll = false
        }.link(other.path)
    }

    // MARK: How the intake fares

    private func addState(to fields: inout Fields) {
        let (state, outstanding) = (figures.state, figures.outstanding)
        let senders = PageQuestion(language: asked.language).link("/senders")
        fields["stateWord"] = text.say("Tình trạng tiếp nhận", "How the intake fares")
        fields["sendersLink"] = senders
        fields["sendersWord"] = text.say("Tất cả điểm gửi", "All senders")
        let complaints = SenderList(state.senders, outstanding, text: text, zone: zone).complaints
        if !complaints.isEmpty {
            fields["alerts"] = true
            fields["alertsWord"] = text.say("Cần xem", "Needs a look")
            fields["alertLines"] = complaints.map { complaint -> Fields in
                ["alertLink": senders, "alertWord": complaint]
            }
        }
        let isMore = state.waitingTasks >= CentreState.mostTasks ? "≥\u{A0}" : ""
        var tasks = isMore + text.number(state.waitingTasks)
        if state.waitingTasks > 0 {
            tasks += ", " + text.say("lâu nhất", "the oldest for") + " " + text.duration(state.oldestTask)
        }
        let facts: [Fields] = [
            fact(
                text.say("Hồ sơ chưa đến, nhiều nhất", "Dossiers outstanding, at most"),
                text.number(outstanding.entries)),
            fact(
                text.say("Điểm gửi im lặng", "Senders silent"),
                text.say(
                    "\(outstanding.silent.count) trên \(outstanding.senders)",
                    "\(outstanding.silent.count) of \(outstanding.senders)"), isWarning: !outstanding.silent.isEmpty),
            fact(
                text.say("Số liệu chậm", "Figures behind by"), text.duration(state.foldLag),
                isWarning: state.foldLag > Self.longestLag),
            fact(
                text.say("Nhiệm vụ khảo sát đang chờ", "Survey tasks waiting"), tasks,
                isWarning: state.oldestTask > Self.longestSurveyWait),
            fact(
                text.say("Bản ghi ở khu giữ lại", "Entries in the quarantine"), text.number(state.quarantined),
                isWarning: state.quarantined > 0),
        ]
        fields["facts"] = facts
        guard !state.quarantine.isEmpty else { return }
        fields["quarantine"] = quarantine
    }

    /// As `hoso status` has them.
    private static let longestLag = 60.0
    private static let longestSurveyWait = 86_400.0

    private func fact(_ name: String, _ word: String, isWarning: Bool = false) -> Fields {
        var fields: Fields = ["factName": name, "factWord": word]
        if isWarning { fields["factClass"] = "warn" }
        return fields
    }

    private var quarantine: Fields {
        PlainTable(
            name: "quarantine",
            caption: text.say(
                "Bản ghi giữ lại chờ xử lý, theo lý do; một bản ghi có thể có nhiều lý do.",
                "Quarantined entries that wait for a person, by reason; an entry may have several."),
            columns: [
                .init(text.say("Lý do", "Reason"), "wide-word"), .init(text.say("Số bản ghi", "Entries"), "number"),
            ],
            rows: figures.state.quarantine.map { reason, entries in
                // What a sender wrote is not for this page; a code of ours is.
                let code = FaultCode(rawValue: reason)
                let sentence =
                    code.map { Fault($0).sentence(in: text.language) } ?? text.say("Lý do khác.", "Another reason.")
                return PlainTable.Row(
                    name: sentence, code: code?.rawValue, cells: [.init(text.number(entries), "number")])
            }
        ).fields
    }
}

extension PageQuestion {
    /// Nothing but a language.
    init(language: Language?) {
        self.init()
        self.language = language
    }
}
