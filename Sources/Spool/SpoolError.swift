import GRDB

/// The spool could not do what was asked; what it had accepted before is still there.
package struct SpoolError: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    package enum Code: String, Sendable {
        /// The quota is used up: nothing was accepted.
        case full
        /// An entry is larger than the limit: nothing was accepted.
        case entryTooLarge = "entry_too_large"
        /// The entry that a draft corrects has been corrected: nothing was accepted.
        case corrected
        /// The file is damaged or not a spool.
        case corrupt
        /// The spool belongs to another sender.
        case foreignSender = "foreign_sender"
        /// The spool was written by a newer version.
        case newerVersion = "newer_version"
        /// Another process holds the spool for too long.
        case busy
        /// The disk or its permissions.
        case inputOutput = "input_output"
    }

    /// What went wrong.
    package let code: Code
    /// What was being done.
    package let operation: String
    /// SQLite's extended result code, or 0.
    package let sqliteCode: Int32

    /// An error of a kind.
    package init(_ code: Code, _ operation: String, sqliteCode: Int32 = 0) {
        self.code = code
        self.operation = operation
        self.sqliteCode = sqliteCode
    }

    init(_ error: any Error, _ operation: String) {
        if let own = error as? SpoolError {
            self = own
            return
        }
        guard let error = error as? DatabaseError else {
            self.init(.inputOutput, operation)
            return
        }
        let code: Code =
            switch error.resultCode {
            case .SQLITE_FULL: .full
            case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt
            default: .inputOutput
            }
        self.init(code, operation, sqliteCode: error.extendedResultCode.rawValue)
    }

    /// What went wrong, without content.
    package var description: String {
        "spool: \(operation): \(code.rawValue)" + (sqliteCode == 0 ? "" : " (SQLite \(sqliteCode))")
    }
}
