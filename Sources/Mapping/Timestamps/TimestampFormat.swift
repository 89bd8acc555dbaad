/// How a source writes points in time.
enum TimestampFormat: String, Sendable, CaseIterable {
    /// RFC 3339, or the same with a space for the T, without an offset, without a fraction, or a date alone.
    case iso8601
    /// `20220301090000`, as in the national exchange; a date alone is `20220301`.
    case compact = "yyyyMMddHHmmss"
    /// `01/03/2022 09:00:00`; seconds may be missing, and the time too.
    case dayFirst = "dd/MM/yyyy HH:mm[:ss]"
    /// Seconds since 1970, perhaps with a fraction.
    case epochSeconds = "epoch_seconds"
    /// Milliseconds since 1970.
    case epochMilliseconds = "epoch_milliseconds"

    /// The format that a mapping file calls so.
    init?(word: String) {
        switch word {
        case "dd/MM/yyyy", "dd/MM/yyyy HH:mm", "dd/MM/yyyy HH:mm:ss": self = .dayFirst
        default: self.init(rawValue: word)
        }
    }

    /// All words that a mapping file may use.
    static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// Whether its timestamps never carry an offset, so that only a time zone gives them meaning.
    var isLocal: Bool { self == .compact || self == .dayFirst }
}
