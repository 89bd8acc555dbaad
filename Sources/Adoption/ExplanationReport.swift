package import Dossiers
package import Store

/// The dossiers behind a rate, each with the rule by which it counts, ready to be written.
package struct ExplanationReport: Sendable {
    let metric: Metric
    private let channel: Channel
    private let standing: AdoptionLedger.Standing
    private let figures: Tally
    private let quarantine: [(reason: String, entries: Int64)]?

    /// A report.
    /// - Parameters:
    ///   - channel: whose share is asked for, in `share_of_all`.
    ///   - figures: what the roll-up says of the same moment, which is to agree.
    ///   - quarantine: what is not counted at all, by reason; `nil`: that is not told.
    package init(
        _ metric: Metric, channel: Channel, standing: AdoptionLedger.Standing, figures: Tally,
        quarantine: [(reason: String, entries: Int64)]?
    ) {
        self.metric = metric
        self.channel = channel
        self.standing = standing
        self.figures = figures
        self.quarantine = quarantine
    }

    /// The dossiers that are listed, each with its rule.
    var dossiers: [(dossier: AdoptionLedger.Dossier, rule: CountingRule)] {
        standing.dossiers.map { ($0, metric.rule(for: $0.facts, channel: channel)) }
    }

    /// How many dossiers count by each rule, in order of the rules.
    package var counts: [(rule: CountingRule, dossiers: Int64)] {
        var counts: [CountingRule: Int64] = [:]
        for (facts, dossiers) in standing.counts {
            counts[metric.rule(for: facts, channel: channel), default: 0] += dossiers
        }
        return counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The rate that they come to.
    package var rate: Rate {
        let sum: (CountingRule.Place) -> Int64 = { place in
            counts.reduce(0) { $0 + ($1.rule.place == place ? $1.dossiers : 0) }
        }
        let numerator = sum(.numerator)
        return Rate(numerator, of: numerator + sum(.denominator))
    }

    /// Whether the dossiers add up to the figures; periods of the ledger that were dropped are in the figures only.
    package var agrees: Bool { standing.counts.reduce(0) { $0 + $1.dossiers } == figures.dossiers }

    /// The report for people.
    package func lines(in language: Language) -> [String] {
        let isVietnamese = language == .vietnamese
        var name = metric.title(in: language)
        if metric == .shareOfAll { name += " (\(channel.title(in: language)))" }
        var lines = ["\(name): \(Figures.percent(rate, language)) % = \(rate.numerator) / \(rate.denominator)", ""]
        let header =
            isVietnamese ? ["Tính vào", "Quy tắc", "Số hồ sơ"] : ["Counts in", "Rule", "Dossiers"]
        lines +=
            TextTable(
                header: header,
                rows: counts.map {
                    [
                        $0.rule.place.title(in: language), $0.rule.sentence(in: language),
                        Figures.grouped($0.dossiers, language),
                    ]
                }, leftColumns: 2
            ).lines
        if let quarantine, !quarantine.isEmpty {
            lines += [
                "",
                isVietnamese ? "Không tính (ở khu giữ lại, mọi ngày):" : "Not counted (in the quarantine, of any day):",
            ]
            lines += quarantine.map { reason, entries in
                let sentence = FaultCode(rawValue: reason).map { Fault($0).sentence(in: language) } ?? reason
                return "  \(Figures.grouped(entries, language)) × \(sentence)"
            }
        }
        if !agrees {
            let listed = standing.counts.reduce(0) { $0 + $1.dossiers }
            lines += [
                "",
                isVietnamese
                    ? "Số liệu có \(figures.dossiers) hồ sơ, sổ còn \(listed): phần còn lại thuộc giai đoạn đã xóa."
                    : "The figures have \(figures.dossiers) dossiers, the ledger \(listed): the others are of periods that were dropped.",
            ]
        }
        guard !standing.dossiers.isEmpty else { return lines }
        let titles =
            isVietnamese
            ? ["Hồ sơ", "Ngày", "Đơn vị", "Thủ tục", "Hình thức", "Tính vào", "Quy tắc"]
            : ["Dossier", "Day", "Unit", "Procedure", "Channel", "Counts in", "Rule"]
        lines += [""]
        lines +=
            TextTable(
                header: titles,
                rows: standing.dossiers.map { dossier in
                    let rule = metric.rule(for: dossier.facts, channel: channel)
                    return [
                        dossier.code, dossier.receivedOn.description, dossier.unit, dossier.procedure,
                        dossier.facts.channel.title(in: language), rule.place.title(in: language),
                        rule.sentence(in: language),
                    ]
                }, leftColumns: 7
            ).lines
        return lines
    }

    /// The report as one JSON document.
    package var json: String { document().text }

    /// The report as one JSON document that says at which moment it holds, and how its dossiers go on.
    /// - Parameter next: where the next page begins; `nil`: there is none.
    package func page(asOf moment: Int64, in zone: LocalZone, next: String?) -> String {
        var (zone, document) = (zone, document())
        document.add("as_of", text: zone.text(of: moment))
        document.add("next", text: next)
        return document.text
    }

    private func document() -> JSONLine {
        var document = JSONLine()
        document.add("metric", text: metric.rawValue)
        document.add("version", raw: String(metric.version))
        if metric == .shareOfAll { document.add("channel", text: channel.code) }
        document.add("numerator", raw: String(rate.numerator))
        document.add("denominator", raw: String(rate.denominator))
        document.add("share", raw: rate.share.map { "\($0)" } ?? "null")
        document.add("agrees", raw: String(agrees))
        let rules = counts.map { count in
            var object = JSONLine()
            object.add("rule", text: count.rule.rawValue)
            object.add("counts_in", text: count.rule.place.rawValue)
            object.add("dossiers", raw: String(count.dossiers))
            return object.text
        }
        document.add("rules", raw: "[" + rules.joined(separator: ",") + "]")
        if let quarantine {
            let kept = quarantine.map { reason, entries in
                var object = JSONLine()
                object.add("reason", text: reason)
                object.add("entries", raw: String(entries))
                return object.text
            }
            document.add("quarantined", raw: "[" + kept.joined(separator: ",") + "]")
        }
        let dossiers = standing.dossiers.map { dossier in
            let rule = metric.rule(for: dossier.facts, channel: channel)
            var object = JSONLine()
            object.add("dossier_code", text: dossier.code)
            object.add("counted", raw: Self.object(dossier))
            object.add("rule", text: rule.rawValue)
            object.add("counts_in", text: rule.place.rawValue)
            return object.text
        }
        document.add("dossiers", raw: "[" + dossiers.joined(separator: ",\n  ") + "]")
        return document
    }

    /// Where a dossier counts.
    static func object(_ dossier: AdoptionLedger.Dossier) -> String {
        var object = JSONLine()
        object.add("day", text: dossier.receivedOn.description)
        object.add("unit", text: dossier.unit)
        object.add("procedure", text: dossier.procedure)
        object.add("channel", text: dossier.facts.channel.code)
        return object.text
    }

    /// The report as CSV.
    package var csv: [String] {
        ["dossier_code,day,unit,procedure,channel,counts_in,rule"]
            + standing.dossiers.map { dossier in
                let rule = metric.rule(for: dossier.facts, channel: channel)
                return [
                    dossier.code, dossier.receivedOn.description, dossier.unit, dossier.procedure,
                    dossier.facts.channel.code, rule.place.rawValue, rule.rawValue,
                ].map(AdoptionReport.quoted).joined(separator: ",")
            }
    }
}

extension CountingRule.Place {
    /// What people call it.
    package func title(in language: Language) -> String {
        switch (self, language) {
        case (.numerator, .vietnamese): "tử số và mẫu số"
        case (.denominator, .vietnamese): "mẫu số"
        case (.leftOut, .vietnamese): "không tính"
        case (.numerator, .english): "numerator and denominator"
        case (.denominator, .english): "denominator"
        case (.leftOut, .english): "neither"
        }
    }
}
