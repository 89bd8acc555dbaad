package import Dossiers
import Foundation
package import IntakeProtocol
import Mapping
import Polling
package import Spool
import WireMessages

/// A dossier that the centre refused, as a person mends it.
package struct RejectedDossier: Sendable {
    /// The entry in the spool.
    package let entry: RejectedEntry
    /// What it said; `nil` for an entry that is no dossier.
    package let submission: Submission?
    /// Why it was refused.
    package let reasons: [ReasonList.Reason]

    /// Reads an entry of the spool.
    package init(_ entry: RejectedEntry) {
        self.entry = entry
        reasons = ReasonList(json: entry.reasons).reasons
        switch EntryContent(entry.body, as: ContentType(rawValue: entry.contentType) ?? .protobuf) {
        case .intake(let submission), .correction(_, let submission): self.submission = submission
        default: submission = nil
        }
    }

    /// A line of hoso's own NDJSON by which the dossier, once mended, is sent as a correction.
    /// - Parameter epoch: of the spool; the file may outlive it.
    package func correctionLine(in epoch: UInt64, _ language: Language) -> [UInt8]? {
        submission?.nativeLine(
            corrects: "\(epoch)/\(entry.number)",
            reasons: reasons.map { $0.sentence(in: language) }.joined(separator: " "))
    }
}

extension EntryReference {
    /// Reads `NUMBER` (of this spool) or `EPOCH/NUMBER`.
    package init?(text: String) {
        let parts = text.drop { $0 == " " }.split(separator: "/", omittingEmptySubsequences: false).map { part in
            UInt64(part).flatMap { "\($0)" == part && $0 > 0 ? $0 : nil }
        }
        guard (1...2).contains(parts.count), let number = parts[parts.count - 1], number <= Limits.highestNumber else {
            return nil
        }
        if parts.count == 1 {
            self.init(sequence: number)
        } else if let epoch = parts[0] {
            self.init(epoch: epoch, sequence: number)
        } else {
            return nil
        }
    }
}

extension SpoolDraft {
    /// The draft by which a dossier is handed in, or corrects an earlier entry.
    package init(
        _ submission: Submission, correcting reference: EntryReference? = nil, in epoch: UInt64, source: Int64? = nil,
        line: Int? = nil
    ) throws {
        var entry = reference.map { WireEntry(correction: submission, of: $0) } ?? WireEntry(intake: submission)
        entry.acceptedAt = WallClock.microseconds
        // The digest of the entry is kept for ever, and must not give away what it says of a person.
        var random = SystemRandomNumberGenerator()
        let salt = (random.next(), random.next())
        entry.salt = unsafe withUnsafeBytes(of: salt) { bytes in unsafe Data(bytes) }
        let isOwn = reference.map { $0.epoch == 0 || $0.epoch == epoch } ?? false
        self.init(
            body: try entry.encoded(as: .protobuf), contentType: ContentType.protobuf.rawValue, source: source,
            line: line, cell: TallyCell(submission),
            corrects: isOwn ? reference?.sequence : nil)
    }
}
