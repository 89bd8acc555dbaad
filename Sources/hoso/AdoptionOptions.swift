import Adoption
import ArgumentParser
import Dossiers
import Settings
import Store

/// Which figures are asked for.
struct AdoptionOptions: ParsableArguments {
    @OptionGroup var common: CommonOptions
    @Option(help: "First day, YYYY-MM-DD · Từ ngày.")
    var from: String?
    @Option(help: "Day after the last one, YYYY-MM-DD · Đến trước ngày.")
    var to: String?
    @Option(help: "Code of a unit, may be repeated (default: all) · Mã đơn vị, có thể lặp lại.")
    var unit: [String] = []
    @Option(help: "share_of_all, online_766, postal_submit, postal_return or on_time · Chỉ số.")
    var metric = Metric.shareOfAll.rawValue
    @Option(help: "table, json or csv · Dạng kết quả.")
    var format = OutputFormat.table

    /// The metric.
    func parsedMetric() throws -> Metric { try parsed(metric, "metric", Metric.init(rawValue:)) }

    /// The days and units.
    func scope() throws -> AdoptionScope {
        let first = try from.map { try parsed($0, "from", Day.init(iso8601:)) }
        let end = try to.map { try parsed($0, "to", Day.init(iso8601:)) }
        if let first, let end, end <= first {
            throw ValidationError(
                common.spoken.choose("--to phải là ngày sau --from.", "--to must be a day after --from."))
        }
        return AdoptionScope(from: first, to: end, units: unit)
    }

    /// A value that an option names.
    func parsed<Value>(_ text: String, _ option: String, _ read: (String) -> Value?) throws -> Value {
        if let value = read(text) { return value }
        if Value.self == Day.self {
            throw ValidationError(
                common.spoken.choose(
                    "--\(option): “\(text)” không phải ngày (YYYY-MM-DD).",
                    "--\(option): “\(text)” is not a day (YYYY-MM-DD)."))
        }
        throw ValidationError(
            common.spoken.choose("--\(option): không nhận “\(text)”.", "--\(option): “\(text)” is not known."))
    }

    /// A moment: RFC 3339, or a local day or time of the zone of the settings.
    ///
    /// A moment to come has no figures yet.
    func moment(_ text: String, in zone: LocalZone, now: Int64) throws -> Int64 {
        var zone = zone
        guard let moment = zone.moment(of: text) else {
            throw ValidationError(
                common.spoken.choose(
                    "“\(text)” không phải thời điểm (YYYY-MM-DD, YYYY-MM-DDTHH:MM hoặc RFC 3339).",
                    "“\(text)” is not a time (YYYY-MM-DD, YYYY-MM-DDTHH:MM or RFC 3339)."))
        }
        guard moment.microseconds <= now else {
            throw ValidationError(
                common.spoken.choose("“\(text)” còn ở tương lai.", "“\(text)” is still to come."))
        }
        return moment.microseconds
    }
}
