/// The languages in which hoso speaks to people.
public enum Language: String, Sendable, CaseIterable {
    /// Vietnamese.
    case vietnamese = "vi"
    /// English.
    case english = "en"

    /// The language of a POSIX locale such as `vi_VN.UTF-8`; English for all that is not Vietnamese.
    public init(locale: String?) {
        self = locale?.lowercased().hasPrefix("vi") == true ? .vietnamese : .english
    }
}
