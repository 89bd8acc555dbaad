/// Lines that hoso keeps in a file which belongs to somebody else, between two lines that say so.
package enum MarkedBlock {
    private static let start = "# >>> hoso: written by `hoso setup`, which replaces what stands between these two lines"
    private static let end = "# <<< hoso"

    /// The text with these lines at its beginning, in place of those that an earlier call has put there.
    ///
    /// Of the rules in `pg_hba.conf` the first one that fits counts, so ours stand before all others.
    package static func put(_ lines: [String], into text: String) -> String {
        ([start] + lines + [end, ""]).joined(separator: "\n") + without(text)
    }

    /// The text without the lines that ``put(_:into:)`` has put there.
    package static func without(_ text: String) -> String {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.firstIndex(where: { $0 == start }),
            let last = lines[first...].firstIndex(where: { $0 == end })
        else { return text }
        return (lines[..<first] + lines[(last + 1)...]).joined(separator: "\n")
    }
}
