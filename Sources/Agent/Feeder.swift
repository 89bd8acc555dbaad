import Dossiers
import FailPoints
import Foundation
import IntakeProtocol
package import Mapping
package import Spool
import WireMessages

/// Reads a file into the spool, a chunk per transaction, and goes on where an interrupted run ended.
package struct Feeder: ~Copyable {
    /// What a step came to.
    package enum Step: Sendable, Equatable {
        /// Rows were accepted; there may be more.
        case accepted(rows: Int)
        /// The spool is full: nothing was accepted, try again when receipts have come.
        case full
        /// The file has been read to its end.
        case finished
    }

    /// The file in the spool.
    package let source: SpoolSource
    /// Which file it is.
    package let identity: FileIdentity
    private var reader: SubmissionReader
    private let spool: SpoolDatabase
    private var rows: Int
    private var drafts: [SpoolDraft] = []
    private var unreadable: [UnreadableRow] = []
    private var isEnd = false

    /// Opens a file.
    /// - Parameter isAgain: the file is sent anew even when it has been read before.
    /// - Throws: ``MappingError`` when the file does not fit the mapping, ``SpoolError``.
    package init(path: String, mapping: MappingFile, spool: SpoolDatabase, isAgain: Bool) throws {
        var reader = try SubmissionReader(path: path, mapping: mapping)
        let identity = reader.identity
        let source = try spool.source(
            SpoolFile(path: path, inode: identity.inode, size: identity.size, modified: identity.modified),
            always: isAgain)
        var rows = 0
        while !source.isRead, rows < source.rows, try reader.next() != nil { rows += 1 }
        self.rows = rows
        self.source = source
        self.spool = spool
        self.identity = identity
        self.reader = reader
        drafts.reserveCapacity(Self.chunk)
    }

    /// Size of the file in bytes.
    package var totalBytes: Int { Int(identity.size) }

    /// Bytes of the file that have been read.
    package var bytesRead: Int { reader.bytesRead }

    /// Reads a chunk and has it accepted.
    ///
    /// Where the rest of the file cannot be read, that is one more unreadable row, and the end.
    package mutating func step() throws -> Step {
        if source.isRead { return .finished }
        if drafts.isEmpty, unreadable.isEmpty, !isEnd { try read() }
        do throws(SpoolError) {
            try spool.append(drafts, source: source.id, rows: rows, unreadable: unreadable, isEnd: isEnd)
        } catch {
            if error.code == .full { return .full }
            throw error
        }
        FailPoint.afterSpoolCommit.pass()
        let count = drafts.count + unreadable.count
        drafts.removeAll(keepingCapacity: true)
        unreadable = []
        return isEnd ? .finished : .accepted(rows: count)
    }

    private static let chunk = 500

    private mutating func read() throws {
        while drafts.count + unreadable.count < Self.chunk {
            let next: SourceRow?
            do throws(MappingError) {
                next = try reader.next()
            } catch {
                // What came before is accepted, and the report says where it ends.
                unreadable.append(UnreadableRow(line: 0, reasons: ReasonList(error).json))
                next = nil
            }
            guard let row = next else {
                isEnd = true
                return
            }
            rows += 1
            switch row.content {
            case .submission(let submission): try accept(submission, row)
            case .unreadable(let fault):
                unreadable.append(UnreadableRow(line: row.line, reasons: ReasonList(fault).json))
            }
        }
    }

    /// Why a row cannot correct what it names: it is no earlier entry, has no answer yet, or has been corrected.
    private func fault(of reference: EntryReference?, _ text: String) throws -> Fault? {
        let isOwn = reference.map { $0.epoch == 0 || $0.epoch == spool.epoch } ?? false
        guard let reference else { return Fault(.correctionReference, path: "corrects", value: text) }
        guard isOwn else { return nil }
        if try spool.outcome(of: reference.sequence) == nil {
            return Fault(.correctionReference, path: "corrects", value: text)
        }
        let isDone = try spool.rejected(number: reference.sequence)?.correctedBy != nil
        let isRepeated = drafts.contains { $0.corrects == reference.sequence }
        return isDone || isRepeated ? Fault(.correctionDone, path: "corrects", value: text) : nil
    }

    private mutating func accept(_ submission: Submission, _ row: SourceRow) throws {
        let line = row.line
        let reference = row.corrects.isEmpty ? nil : EntryReference(text: row.corrects)
        if !row.corrects.isEmpty, let fault = try fault(of: reference, row.corrects) {
            return unreadable.append(UnreadableRow(line: line, reasons: ReasonList(fault).json))
        }
        let draft = try SpoolDraft(
            submission, correcting: reference, in: spool.epoch, source: source.id, line: line)
        // Refused here, with its line: on the way it would cost the connection and what is queued behind it.
        guard draft.body.count <= spool.options.entryBytes else {
            let fault = Fault(.tooLong, path: "", value: nil)
            return unreadable.append(UnreadableRow(line: line, reasons: ReasonList(fault).json))
        }
        drafts.append(draft)
    }
}
