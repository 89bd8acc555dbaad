package import Dossiers
import Foundation

/// Limits of a spool.
package struct SpoolOptions: Sendable {
    /// Bytes that the file may grow to.
    package var quotaBytes = 1 << 30
    /// Bytes of an entry.
    package var entryBytes = 65_536
    /// Share of the quota above which nothing more is accepted, so that receipts can always be recorded: the file may
    /// grow to twice the quota for the reasons that come with them.
    package var refuseAt = 0.95

    /// The defaults.
    package init() {}

    /// The options with a quota that fits on the disk.
    ///
    /// On a disk that is full, SQLite cannot even forget what has been delivered: the quota has to end first. A third of
    /// the room is for entries, as much again for the reasons of those that are rejected, the rest for its log.
    func fitting(on folder: URL, beside path: String) -> SpoolOptions {
        let files = FileManager.default
        guard let room = try? files.attributesOfFileSystem(forPath: folder.path)[.systemFreeSize] as? NSNumber else {
            return self
        }
        let used = ["", "-wal"].reduce(0) { sum, suffix in
            sum + ((try? files.attributesOfItem(atPath: path + suffix)[.size] as? NSNumber)?.intValue ?? 0)
        }
        var options = self
        options.quotaBytes = min(quotaBytes, max((room.intValue + used) / 3, 1 << 19))
        return options
    }
}

/// An entry that is to be accepted.
package struct SpoolDraft: Sendable {
    /// The entry as it will be sent.
    package let body: [UInt8]
    /// 1 protobuf, 2 JSON.
    package let contentType: UInt8
    /// The file that it comes from.
    package let source: Int64?
    /// The line in that file.
    package let line: Int?

    /// What it is counted under in the next manifest; `nil` for what is no dossier.
    package let cell: TallyCell?
    /// The number of this spool's entry that it corrects.
    package let corrects: UInt64?
    /// Whether it is sent only once everything before it has its receipt.
    var waits = false

    /// A draft.
    package init(
        body: [UInt8], contentType: UInt8, source: Int64? = nil, line: Int? = nil, cell: TallyCell? = nil,
        corrects: UInt64? = nil
    ) {
        self.body = body
        self.contentType = contentType
        self.source = source
        self.line = line
        self.cell = cell
        self.corrects = corrects
    }
}

/// What the centre said of some entries, for good.
package struct SpoolReceipt: Sendable {
    /// The permanent outcomes.
    package enum Outcome: Int, Sendable, CaseIterable {
        case stored = 1
        case duplicate, rejected, conflict
    }

    /// The numbers.
    package let numbers: ClosedRange<UInt64>
    /// The outcome.
    package let outcome: Outcome
    /// The reasons, as the receipt wrote them.
    package let reasons: [UInt8]

    /// A receipt.
    package init(numbers: ClosedRange<UInt64>, outcome: Outcome, reasons: [UInt8] = []) {
        self.numbers = numbers
        self.outcome = outcome
        self.reasons = reasons
    }
}

/// How many entries are in which state.
package struct SpoolCounts: Sendable, Equatable {
    /// Accepted so far.
    package var accepted: Int64 = 0
    /// With the receipt "stored".
    package var stored: Int64 = 0
    /// With the receipt "duplicate".
    package var duplicate: Int64 = 0
    /// With the receipt "rejected".
    package var rejected: Int64 = 0
    /// With the receipt "conflict".
    package var conflict: Int64 = 0
    /// Damaged on this device.
    package var damaged: Int64 = 0

    /// Nothing.
    package init() {}

    init(
        accepted: Int64, stored: Int64, duplicate: Int64, rejected: Int64, conflict: Int64, damaged: Int64
    ) {
        self.accepted = accepted
        self.stored = stored
        self.duplicate = duplicate
        self.rejected = rejected
        self.conflict = conflict
        self.damaged = damaged
    }

    /// Without receipt.
    package var pending: Int64 { accepted - stored - duplicate - rejected - conflict - damaged }
    /// In the quarantine of the centre.
    package var quarantined: Int64 { rejected + conflict }
}

/// An entry that the centre quarantined.
package struct RejectedEntry: Sendable {
    /// Its number.
    package let number: UInt64
    /// Path of the file that it came from.
    package let path: String?
    /// Its line there.
    package let line: Int?
    /// `rejected` or `conflict`.
    package let outcome: SpoolReceipt.Outcome
    /// The reasons, as the receipt wrote them.
    package let reasons: [UInt8]
    /// 1 protobuf, 2 JSON.
    package let contentType: UInt8
    /// The entry.
    package let body: [UInt8]
    /// The entry that was sent to correct it, if one was.
    package let correctedBy: UInt64?
}

/// A file as it is told apart from others.
package struct SpoolFile: Sendable {
    /// Its path.
    package let path: String
    /// Its number on its disk.
    package let inode: Int64
    /// Bytes.
    package let size: Int64
    /// When it was changed, in microseconds since 1970.
    package let modified: Int64

    /// A file.
    package init(path: String, inode: Int64, size: Int64, modified: Int64) {
        self.path = path
        self.inode = inode
        self.size = size
        self.modified = modified
    }
}

/// A file from which entries come, and how far it has been read.
package struct SpoolSource: Sendable {
    /// Its number in the spool.
    package let id: Int64
    /// Rows that have been dealt with; reading goes on behind them.
    package let rows: Int
    /// Whether it has been read to its end.
    package let isRead: Bool
}

/// A row of a file that is no record, so that nothing could be sent for it.
package struct UnreadableRow: Sendable {
    /// Its line.
    package let line: Int
    /// The reasons, written like those of a receipt.
    package let reasons: [UInt8]

    /// An unreadable row.
    package init(line: Int, reasons: [UInt8]) {
        self.line = line
        self.reasons = reasons
    }
}
