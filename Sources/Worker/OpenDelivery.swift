import Dossiers
import Foundation
import IntakeProtocol
import Store
import WireMessages

/// A batch that waits for the outcome of its entries.
///
/// It belongs to the worker's thread.
final class OpenDelivery {
    /// What became of one entry.
    struct EntryVerdict {
        let outcome: WireOutcome
        var reasons: [WireReason] = []

        /// Its dossier is stored.
        static let stored = EntryVerdict(outcome: .stored)
    }

    let tag: DeliveryTag
    let header: Header
    /// The batch as it came.
    let body: [UInt8]
    /// What is to be noted of it with the first of its entries that is written.
    var note: DeliveryNote?
    /// The digests of its entries, as its sender states them.
    var digests: [Digest] = []
    /// The number of the sender's key that has signed it, and the signature.
    var signer: (key: Int32, signature: [UInt8])?
    /// What the centre has signed of it.
    private var seal: WireReceipt.Signed?
    private var verdicts: [EntryVerdict?]
    private(set) var unresolved: Int

    init(tag: DeliveryTag, header: Header, body: [UInt8]) {
        self.tag = tag
        self.header = header
        self.body = body
        verdicts = Array(repeating: nil, count: Int(header.count))
        unresolved = Int(header.count)
    }

    var isResolved: Bool { unresolved == 0 }

    func resolve(_ index: Int, _ verdict: EntryVerdict) {
        if verdicts[index] == nil { unresolved -= 1 }
        verdicts[index] = verdict
    }

    /// Entries that have no outcome yet get this one.
    func resolveRest(_ outcome: WireOutcome) {
        for index in verdicts.indices where verdicts[index] == nil { resolve(index, EntryVerdict(outcome: outcome)) }
    }

    /// Looks at what became of each entry that has an outcome.
    func forEachVerdict(_ body: (EntryVerdict) -> Void) {
        for case let verdict? in verdicts { body(verdict) }
    }

    /// What became of the entries, as numbers, when nothing of it will change any more.
    private var permanentOutcomes: [UInt8]? {
        var outcomes: [UInt8] = []
        outcomes.reserveCapacity(verdicts.count)
        for index in verdicts.indices {
            switch verdicts[index]?.outcome {
            case .stored: outcomes.append(1)
            case .duplicate: outcomes.append(2)
            case .rejected: outcomes.append(3)
            case .conflict: outcomes.append(4)
            default: return nil
            }
        }
        return outcomes.count == digests.count ? outcomes : nil
    }

    /// Signs what became of the entries, unless some of them are to be sent again.
    /// - Parameters:
    ///   - key: the centre's key, if it signs.
    ///   - sender: number of the sender.
    ///   - moment: in microseconds since 1970; the entries are committed.
    /// - Returns: what is to be kept of it; `nil` when neither side has signed.
    func sign(by key: SigningKey?, sender: Int32, at moment: Int64) -> ReceiptNote? {
        guard let outcomes = permanentOutcomes, key != nil || signer != nil else { return nil }
        var centre: (key: [UInt8], signature: [UInt8])?
        if let key {
            let publicKey = key.publicKey
            let head = ReceiptHead(
                key: publicKey.id, sender: tag.sender, epoch: header.epoch, first: header.first, count: outcomes.count,
                committedAt: moment,
                root: MerkleTree.root(first: header.first, outcomes: outcomes, digests: digests))
            if let signature = try? key.signature(of: head.statement) {
                centre = (publicKey.bytes, signature)
                var seal = WireReceipt.Signed()
                seal.key = Data(publicKey.id)
                seal.committedAt = moment
                seal.signature = Data(signature)
                self.seal = seal
            }
        }
        return ReceiptNote(
            key: EntryKey(sender: sender, epoch: header.epoch, sequence: header.first), count: outcomes.count,
            committedAt: moment, centre: centre, sender: signer, contentType: Int16(header.contentType.rawValue))
    }

    /// The receipt as the body of a message, small enough for a frame.
    ///
    /// Where the reasons of a whole batch of bad entries would not fit, each entry keeps its first reason, and should that
    /// not be enough, only the code and field of it. The quarantine has them all.
    func receiptBody(retryAfter: Duration) throws(ProtocolError) -> [UInt8] {
        var receipt = receipt
        receipt.retryAfterMilliseconds = UInt32(retryAfter.components.seconds * 1_000)
        let body = try receipt.encoded(as: header.contentType)
        if body.count <= Limits.batchBytes { return body }
        for index in receipt.verdicts.indices {
            receipt.verdicts[index].reasons = Array(receipt.verdicts[index].reasons.prefix(1))
        }
        let shorter = try receipt.encoded(as: header.contentType)
        if shorter.count <= Limits.batchBytes { return shorter }
        for index in receipt.verdicts.indices {
            receipt.verdicts[index].reasons = receipt.verdicts[index].reasons.map { reason in
                var bare = WireReason()
                bare.code = reason.code
                bare.field = reason.field
                return bare
            }
        }
        return try receipt.encoded(as: header.contentType)
    }

    /// The receipt: one verdict per range of equal outcomes, and one per entry that has reasons.
    private var receipt: WireReceipt {
        var receipt = WireReceipt()
        if let seal { receipt.signed = seal }
        for (index, verdict) in verdicts.enumerated() {
            guard let verdict else { continue }
            let sequence = header.first + UInt64(index)
            if let last = receipt.verdicts.last, last.last + 1 == sequence, last.outcome == verdict.outcome,
                last.reasons.isEmpty, verdict.reasons.isEmpty
            {
                receipt.verdicts[receipt.verdicts.count - 1].last = sequence
            } else {
                var range = WireVerdict()
                range.first = sequence
                range.last = sequence
                range.outcome = verdict.outcome
                range.reasons = verdict.reasons
                receipt.verdicts.append(range)
            }
        }
        return receipt
    }
}

extension WireReason {
    /// The reason for a fault, in both languages.
    init(_ fault: Fault) {
        self.init()
        code = fault.code.rawValue
        field = fault.field
        value = fault.value ?? ""
        vietnamese = fault.sentence(in: .vietnamese)
        english = fault.sentence(in: .english)
    }
}
