import Dossiers
import Foundation

/// What goes to the terminal.
enum Console {
    /// Writes a line to standard output.
    static func line(_ text: String) { write(text + "\n", to: .standardOutput) }

    /// Writes a line to standard error.
    static func error(_ text: String) { write(text + "\n", to: .standardError) }

    /// Writes text as it is.
    static func write(_ text: String, to handle: FileHandle) { try? handle.write(contentsOf: Data(text.utf8)) }

    /// Whether somebody watches standard error.
    static var isWatched: Bool { isatty(2) == 1 }
}

extension Language {
    /// The text in this language.
    func choose(_ vietnamese: String, _ english: String) -> String { self == .vietnamese ? vietnamese : english }
}
