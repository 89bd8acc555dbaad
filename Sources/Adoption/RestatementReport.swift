package import Dossiers
import Store

/// What changed the figures between two moments, ready to be written.
package struct RestatementReport: Sendable {
    private let restatements: [Restatement]
    private let metric: Metric
    private let channel: Channel
    private let rates: (before: Rate, after: Rate)
    private let moments: (first: Int64, last: Int64)
    private let zone: LocalZone
    private let isCut: Bool

    /// A report.
    /// - Parameters:
    ///   - channel: whose share is asked for, in `share_of_all`.
    ///   - rates: the rate of the metric at both moments.
    ///   - isCut: whether there are more changes than were read.
    package init(
        _ restatements: [Restatement], metric: Metric, channel: Channel, rates: (before: Rate, after: Rate),
        moments: (first: Int64, last: Int64), zone: LocalZone, isCut: Bool
    ) {
        self.restatements = restatements
        self.metric = metric
        self.channel = channel
        self.rates = rates
        self.moments = moments
        self.zone = zone
        self.isCut = isCut
    }

    private func time(_ moment: Int64) -> String {
        var zone = zone
        return zone.text(of: moment)
    }

    private var counts: [(Restatement.Cause, Int)] {
        Restatement.Cause.allCases.map { cause in (cause, restatements.count { $0.cause == cause }) }.filter {
            $0.1 > 0
        }
    }

    /// The report for people.
    package func lines(in language: Language) -> [String] {
        let isVietnamese = language == .vietnamese
        let name =
            metric.title(in: language) + (metric == .shareOfAll ? " (\(channel.title(in: language)))" : "")
        var lines = [
            "\(name): \(Figures.percent(rates.before, language)) % → \(Figures.percent(rates.after, language)) % ("
                + "\(rates.before.numerator)/\(rates.before.denominator) → "
                + "\(rates.after.numerator)/\(rates.after.denominator))",
            "\(time(moments.first)) → \(time(moments.last))",
        ]
        lines += counts.map { "  \(Figures.grouped(Int64($0.1), language)) × \($0.0.title(in: language))" }
        if restatements.isEmpty { return lines + [isVietnamese ? "Không có thay đổi." : "No change."] }
        let header =
            isVietnamese
            ? ["Hồ sơ", "Nguyên nhân", "Trước", "Sau", "Ghi lúc"] : ["Dossier", "Cause", "Before", "After", "Recorded"]
        let rows = restatements.map { one in
            [
                one.code, one.cause.title(in: language), place(one.before, language), place(one.after, language),
                time(one.recordedAt),
            ]
        }
        lines += [""] + TextTable(header: header, rows: rows, leftColumns: 5).lines
        if isCut { lines.append(isVietnamese ? "… và nhiều hơn nữa: --limit" : "… and more: --limit") }
        return lines
    }

    private func place(_ dossier: AdoptionLedger.Dossier?, _ language: Language) -> String {
        guard let dossier else { return "–" }
        return "\(dossier.receivedOn) \(dossier.unit) \(dossier.facts.channel.title(in: language))"
    }

    /// The report as one JSON document.
    package var json: String {
        var document = JSONLine()
        document.add("metric", text: metric.rawValue)
        if metric == .shareOfAll { document.add("channel", text: channel.code) }
        document.add("from", text: Instant(microseconds: moments.first).rfc3339())
        document.add("to", text: Instant(microseconds: moments.last).rfc3339())
        document.add("before", raw: object(rates.before))
        document.add("after", raw: object(rates.after))
        var causes = JSONLine()
        for (cause, count) in counts { causes.add(cause.rawValue, raw: String(count)) }
        document.add("causes", raw: causes.text)
        document.add("is_cut", raw: String(isCut))
        document.add("restatements", raw: "[" + restatements.map(object).joined(separator: ",\n  ") + "]")
        return document.text
    }

    private func object(_ rate: Rate) -> String {
        var object = JSONLine()
        object.add("numerator", raw: String(rate.numerator))
        object.add("denominator", raw: String(rate.denominator))
        object.add("share", raw: rate.share.map { "\($0)" } ?? "null")
        return object.text
    }

    private func object(_ restatement: Restatement) -> String {
        var object = JSONLine()
        object.add("dossier_code", text: restatement.code)
        object.add("cause", text: restatement.cause.rawValue)
        object.add("before", raw: restatement.before.map(ExplanationReport.object) ?? "null")
        object.add("after", raw: restatement.after.map(ExplanationReport.object) ?? "null")
        object.add("recorded_at", text: Instant(microseconds: restatement.recordedAt).rfc3339())
        return object.text
    }

    /// The report as CSV.
    package var csv: [String] {
        ["dossier_code,cause,before_day,before_unit,before_channel,after_day,after_unit,after_channel,recorded_at"]
            + restatements.map { one in
                ([one.code, one.cause.rawValue] + cells(one.before) + cells(one.after)
                    + [Instant(microseconds: one.recordedAt).rfc3339()])
                    .map(AdoptionReport.quoted).joined(separator: ",")
            }
    }

    private func cells(_ dossier: AdoptionLedger.Dossier?) -> [String] {
        guard let dossier else { return ["", "", ""] }
        return [dossier.receivedOn.description, dossier.unit, dossier.facts.channel.code]
    }
}
