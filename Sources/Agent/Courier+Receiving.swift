import CoreMetrics
import Observability
import FailPoints
import Foundation
import IntakeProtocol
import Logging
import Machines
import Polling
import Spool
import WireMessages
import ZeroMQ

// MARK: - Receiving

extension Courier {
    func receiveAll() throws {
        receipts.removeAll(keepingCapacity: true)
        proofs.removeAll(keepingCapacity: true)
        var answered: [(first: UInt64, retryAfter: Duration?)] = []
        while let frames = try socket?.receive() {
            do throws(ProtocolError) {
                let parcel = try Parcel(frames: frames.map(\.bytes))
                try handle(parcel, &answered)
            } catch {
                // It may have been a receipt: what has none is sent again, now and not when patience ends.
                logger.warning("message refused", metadata: ["reason": "\(error)"])
                machine.broken(at: .now)
            }
        }
        // Recorded on disk first; what is not recorded will be sent again, and answered again.
        if !receipts.isEmpty { FailPoint.beforeReceiptRecorded.pass() }
        do throws(SpoolError) {
            try apply()
        } catch {
            guard error.code == .full || error.code == .busy || error.code == .inputOutput else { throw error }
            if !hasReportedDisk { logger.error("cannot record receipts, trying on", metadata: ["reason": "\(error)"]) }
            hasReportedDisk = true
            return machine.broken(at: .now, retryAfter: .seconds(5))
        }
        if !receipts.isEmpty {
            metrics.recorded(receipts)
            observer?(receipts)
            hasReportedDisk = false
            if try spool.hasManifestDue() { machine.lookAgain() }
        }
        for answer in answered { machine.receipted(first: answer.first, retryAfter: answer.retryAfter, at: .now) }
    }

    /// Records receipts with their proofs; on a disk that has no room for these, without.
    private func apply() throws(SpoolError) {
        do throws(SpoolError) { try spool.apply(receipts, proofs: proofs) } catch {
            guard error.code == .full, !proofs.isEmpty else { throw error }
            try spool.apply(receipts)
            if let withheld = limiter.pass("proofs", at: .now) {
                logger.warning("no room for the centre's signatures", metadata: ["withheld": "\(withheld)"])
            }
        }
    }

    private func handle(
        _ parcel: Parcel, _ answered: inout [(first: UInt64, retryAfter: Duration?)]
    ) throws(ProtocolError) {
        let header = parcel.header
        if header.command == .welcome { return try welcome(parcel) }
        guard header.session == session || header.command == .bye || header.command == .error else { return }
        _ = machine.heard(session: session, at: .now)
        switch header.command {
        // One of an earlier batch that began alike and was cut otherwise: the receipt of the one on its way is still to come.
        case .receipt where sent[header.first].map { $0.digests.count != Int(header.count) } ?? false: return
        case .receipt: answered.append((header.first, try record(parcel)))
        case .credit:
            let credit = try WireCredit(body: parcel.body, as: header.contentType)
            machine.credited(entries: Int(credit.entries), bytes: Int(credit.bytes))
        case .bye: machine.broken(at: .now, retryAfter: .milliseconds(500))
        case .error: try refused(parcel)
        default: break
        }
    }

    private func welcome(_ parcel: Parcel) throws(ProtocolError) {
        guard parcel.header.session == session else { return }
        let welcome = try WireWelcome(body: parcel.body, as: parcel.header.contentType)
        // The centre knows numbers that this spool never assigned: an old copy. Sending would use numbers twice.
        if welcome.highest > head {
            regression = SpoolRegression(sender: spool.sender, head: head, highest: welcome.highest)
            return
        }
        minor = welcome.minor
        openings = 0
        hasReportedSilence = false
        machine.welcomed(
            session: session, entries: Int(welcome.creditEntries), bytes: Int(welcome.creditBytes), at: .now)
        logger.info("welcomed by the centre", metadata: ["contiguous": "\(welcome.contiguous)"])
    }

    private func refused(_ parcel: Parcel) throws(ProtocolError) {
        let refusal = try WireRefusal(body: parcel.body, as: parcel.header.contentType)
        if refusal.code != ProtocolError.Code.unknownSession.rawValue {
            logger.error("the centre refuses", metadata: ["code": "\(refusal.code)"])
        }
        let isUnknown = refusal.code == ProtocolError.Code.unknownSession.rawValue
        let pause: Duration? =
            isUnknown ? nil : .milliseconds(max(Int64(refusal.retryAfterMilliseconds), 5_000))
        machine.broken(at: .now, retryAfter: pause)
    }

    /// Notes the verdicts of a receipt and returns when to send again what was not decided.
    private func record(_ parcel: Parcel) throws(ProtocolError) -> Duration? {
        let receipt = try WireReceipt(body: parcel.body, as: parcel.header.contentType)
        let batch = sent.removeValue(forKey: parcel.header.first)
        if let batch { metrics.receiptSeconds.record(since: batch.sentAt) }
        // One that nothing waits for any more says nothing that could be proved.
        if batch == nil, !evidence.receiptKeys.isEmpty { return nil }
        guard isProved(receipt, batch, first: parcel.header.first) else {
            let isPassing = receipt.verdicts.contains { SpoolReceipt.Outcome($0.outcome) == nil }
            if isPassing { return .milliseconds(max(100, Int64(receipt.retryAfterMilliseconds))) }
            distrust(parcel.header)
            return nil
        }
        var retryAfter: Duration?
        for verdict in receipt.verdicts {
            guard verdict.first >= 1, verdict.first <= verdict.last, verdict.last <= Limits.highestNumber else {
                throw ProtocolError(.malformedBody)
            }
            guard let outcome = SpoolReceipt.Outcome(verdict.outcome) else {
                retryAfter = .milliseconds(max(100, Int64(receipt.retryAfterMilliseconds)))
                continue
            }
            receipts.append(
                SpoolReceipt(
                    numbers: verdict.first...verdict.last, outcome: outcome, reasons: ReasonList(verdict.reasons).json))
        }
        return retryAfter
    }
}

extension Courier {
    /// Whether what a receipt says for good may be recorded: the centre has signed it, or nobody asks for a signature.
    private func isProved(_ receipt: WireReceipt, _ batch: SentBatch?, first: UInt64) -> Bool {
        guard let batch, receipt.hasSigned, let outcomes = batch.outcomes(receipt, first: first),
            let proof = batch.proof(receipt.signed, first: first, outcomes)
        else { return evidence.receiptKeys.isEmpty }
        guard
            evidence.receiptKeys.isEmpty
                || batch.isGenuine(
                    receipt.signed, of: spool.sender, epoch: spool.epoch, first: first, outcomes,
                    keys: evidence.receiptKeys)
        else { return false }
        if evidence.keptDays > 0 { proofs.append(proof) }
        return true
    }

    /// Takes a receipt for nothing that the centre has not signed: its entries are sent again, after a while.
    private func distrust(_ header: Header) {
        if let withheld = limiter.pass("receipt", at: .now) {
            logger.error(
                "a receipt is not signed by a key of intake.receipt_keys; it is not recorded, and the entries are sent again",
                metadata: ["first": "\(header.first)", "count": "\(header.count)", "withheld": "\(withheld)"])
        }
        machine.broken(at: .now, retryAfter: .seconds(5))
    }
}

extension SpoolReceipt.Outcome {
    /// The permanent outcome of a verdict; `nil` for transient ones.
    fileprivate init?(_ outcome: WireOutcome) {
        switch outcome {
        case .stored: self = .stored
        case .duplicate: self = .duplicate
        case .rejected: self = .rejected
        case .conflict: self = .conflict
        default: return nil
        }
    }
}
