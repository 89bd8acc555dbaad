package import Dossiers

/// One dossier of a source file, or the place where one should have been.
package struct SourceRow: Sendable {
    /// What the row came to.
    package enum Content: Sendable {
        /// The row is a record; the centre judges what it says.
        case submission(Submission)
        /// The row is no record.
        case unreadable(RowFault)
    }

    /// The line where the record starts, counted from 1 in the text as it is after decompression.
    package let line: Int
    /// What the row came to.
    package let content: Content
    /// The entry that the row corrects, as the source names it; empty for a new dossier.
    package let corrects: String

    init(line: Int, content: Content, corrects: String = "") {
        self.line = line
        self.content = content
        self.corrects = corrects
    }
}
