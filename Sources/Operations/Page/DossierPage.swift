import Adoption
import Dossiers
import Postgres
import Store

/// The dossiers behind a rate: codes, and the rule by which each counts.
struct DossierPage {
    /// Dossiers of a page.
    static var most: Int { 100 }

    /// What the database says for it.
    struct Findings: Sendable {
        let days: PageDays
        let span: ClosedRange<Day>?
        let names: PageNames
        let standing: AdoptionLedger.Standing

        /// Reads it.
        init(_ question: PageQuestion, zone: LocalZone, on connection: Connection) async throws(PostgresError) {
            let ledger = AdoptionLedger(connection)
            let now = try await ledger.now()
            span = try await AdoptionQuery(connection).span()
            var zone = zone
            days = PageDays(question, today: zone.day(of: Instant(microseconds: now)), span: span)
            names = try await PageNames(connection)
            let scope = AdoptionScope(
                from: days.from, to: days.to, units: question.unit.map { [$0] } ?? [],
                procedures: question.procedure.map { [$0] } ?? [])
            // One more than is shown says whether there are more.
            standing = try await ledger.standing(
                scope, asOf: nil, limit: DossierPage.most + 1, after: question.after.map { ($0.day, $0.code) })
        }
    }

    let question: PageQuestion
    let findings: Findings
    let text: PageText

    private var language: Language { text.language }
    private var metric: Metric { question.metric }

    /// The title of the page.
    var title: String { text.say("Hồ sơ đằng sau tỷ lệ", "The dossiers behind a rate") }

    /// The fields of its template.
    var fields: Fields {
        let form = QuestionForm(
            question: question, text: text, names: findings.names, path: "/dossiers",
            units: findings.names.units.keys.sorted {
                findings.names.unit($0, text) < findings.names.unit($1, text)
            }, asksForChannel: true)
        var fields = form.fields
        fields["heading1"] = title
        fields["lead"] = lead
        fields["backLink"] = back
        fields["backWord"] = text.say("Tỷ lệ", "Rates")
        fields["rulesWord"] = text.say("Tính theo quy tắc nào", "By which rules they count")
        fields["sumWord"] = sum
        fields["rules"] = rules.fields
        fields["listWord"] = text.say("Danh sách", "List")
        fields["list"] = list.fields
        return fields
    }

    private var back: String {
        let subject: AdoptionPage.Subject =
            if let procedure = question.procedure { .procedure(procedure) } else if let unit = question.unit {
                .unit(unit)
            } else { .everything }
        return question.with {
            $0.after = nil
            $0.unit = nil
            $0.procedure = nil
            $0.channel = .online
        }.link(subject.path)
    }

    private var lead: String {
        var rate = metric.title(in: language)
        if metric == .shareOfAll { rate += " (\(question.channel.title(in: language)))" }
        let last = findings.days.to?.advanced(by: -1) ?? findings.span?.upperBound
        var parts = [rate, text.days(findings.days.from ?? findings.span?.lowerBound, last)]
        if let unit = question.unit { parts.append(findings.names.unit(unit, text)) }
        if let procedure = question.procedure { parts.append(findings.names.procedure(procedure, text)) }
        return parts.joined(separator: " · ")
    }

    /// How many dossiers count by each rule, in order of the rules.
    private var counts: [(rule: CountingRule, dossiers: Int64)] {
        var counts: [CountingRule: Int64] = [:]
        for (facts, dossiers) in findings.standing.counts {
            counts[metric.rule(for: facts, channel: question.channel), default: 0] += dossiers
        }
        return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private var sum: String {
        let all = counts
        let numerator = all.reduce(Int64(0)) { $0 + ($1.rule.place == .numerator ? $1.dossiers : 0) }
        let others = all.reduce(Int64(0)) { $0 + ($1.rule.place == .denominator ? $1.dossiers : 0) }
        let rate = Rate(numerator, of: numerator + others)
        // As in tables: of a procedure in a unit a rate of few dossiers is none.
        let isCell = question.unit != nil && question.procedure != nil
        if isCell, (1..<RateTable.smallest).contains(rate.denominator) { return "<\(RateTable.smallest)" }
        return "\(text.percent(rate)) = \(text.number(rate.numerator)) / \(text.number(rate.denominator))"
    }

    private var rules: PlainTable {
        PlainTable(
            name: "rules",
            caption: text.say("Mỗi hồ sơ được tính theo đúng một quy tắc.", "Each dossier counts by exactly one rule."),
            columns: [
                .init(text.say("Quy tắc", "Rule"), "wide-word"), .init(text.say("Tính vào", "Counts in")),
                .init(text.say("Số hồ sơ", "Dossiers"), "number"),
            ],
            rows: counts.map { rule, dossiers in
                PlainTable.Row(
                    name: rule.sentence(in: language),
                    cells: [.init(rule.place.title(in: language)), .init(text.number(dossiers), "number")])
            })
    }

    private var list: PlainTable {
        let shown = findings.standing.dossiers.prefix(Self.most)
        var table = PlainTable(
            name: "dossiers",
            caption: text.say(
                "Theo ngày tiếp nhận và mã hồ sơ, \(Self.most) hồ sơ mỗi trang.",
                "By day of reception and code, \(Self.most) to a page."),
            columns: [
                .init(text.say("Hồ sơ", "Dossier")), .init(text.say("Ngày", "Day")), .init(text.say("Đơn vị", "Unit")),
                .init(text.say("Thủ tục", "Procedure")), .init(text.say("Hình thức", "Channel")),
                .init(text.say("Quy tắc", "Rule"), "wide-word"), .init(text.say("Tính vào", "Counts in")),
            ],
            rows: shown.map(row))
        if findings.standing.dossiers.count > shown.count, let last = shown.last {
            let next = question.with { $0.after = PageQuestion.Cursor(day: last.receivedOn, code: last.code) }
            table.more = (next.link("/dossiers") + "#dossiers", text.say("Các hồ sơ tiếp theo", "The next dossiers"))
        }
        return table
    }

    private func row(_ dossier: AdoptionLedger.Dossier) -> PlainTable.Row {
        let rule = metric.rule(for: dossier.facts, channel: question.channel)
        return PlainTable.Row(
            name: dossier.code,
            cells: [
                .init(text.day(dossier.receivedOn), "word nowrap"), .init(findings.names.unit(dossier.unit, text)),
                .init(dossier.procedure.isEmpty ? "–" : dossier.procedure, "word nowrap"),
                .init(dossier.facts.channel.title(in: language)), .init(rule.sentence(in: language), "wide-word"),
                .init(rule.place.title(in: language)),
            ])
    }
}
