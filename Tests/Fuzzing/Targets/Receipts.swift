import Dossiers
import IntakeProtocol
import Spool
import WireMessages

extension FuzzTarget {
    /// What the centre says for good: the first byte says in which form.
    func checkReceipt(_ bytes: [UInt8]) throws(FuzzFinding) {
        guard let form = bytes.first else { return }
        let body = Array(bytes.dropFirst())
        switch form % 4 {
        case 0: try checkDossierReceipt(body)
        case 1:
            guard let receipt = DossierReceipt(text: body) else { return }
            let isSame = receipt.text.utf8.elementsEqual(body.reversed().drop { $0 == 0x0A || $0 == 0x0D }.reversed())
            try require(isSame, "a receipt is one text")
            try checkDossierReceipt(receipt.bytes)
        case 2: try checkVerdicts(body, .protobuf)
        default: try checkVerdicts(body, .json)
        }
    }

    /// The receipt of one entry is written as it was read, and no bit of a genuine one can be turned over.
    private func checkDossierReceipt(_ bytes: [UInt8]) throws(FuzzFinding) {
        guard let receipt = DossierReceipt(bytes) else { return }
        try require(receipt.bytes == bytes, "a receipt is written anew")
        try require(DossierReceipt(text: receipt.text.utf8) == receipt, "a receipt is read as a text")
        try require(receipt.head != nil, "a receipt that was read has a head")
        guard case .genuine(let key) = receipt.verdict(Self.centreKeys) else { return }
        for place in bytes.indices {
            var changed = bytes
            changed[place] ^= 1 << UInt8(truncatingIfNeeded: place % 8)
            guard let forgery = DossierReceipt(changed) else { continue }
            try require(forgery.verdict([key]) != .genuine(key), "byte \(place) counts")
        }
    }

    /// Whatever a receipt says of whatever numbers, the spool counts each entry once.
    private func checkVerdicts(_ body: [UInt8], _ type: ContentType) throws(FuzzFinding) {
        guard let receipt = try? WireReceipt(body: body, as: type) else { return }
        // As the courier does with a receipt that nobody has to have signed.
        let receipts = receipt.verdicts.compactMap { verdict -> SpoolReceipt? in
            guard verdict.first >= 1, verdict.first <= verdict.last, verdict.last <= Limits.highestNumber,
                let outcome = SpoolReceipt.Outcome(rawValue: verdict.outcome.rawValue)
            else { return nil }
            let reasons = (try? verdict.encoded(as: .json)) ?? []
            return SpoolReceipt(numbers: verdict.first...verdict.last, outcome: outcome, reasons: reasons)
        }
        try FuzzSpool.use { spool throws(FuzzFinding) in
            try spool.fill(entries: 5)
            try succeed("receipts are recorded") { try spool.database.apply(receipts) }
            let counts = try succeed("counts") { try spool.database.counts() }
            let answered = (1...5).count { number in receipts.contains { $0.numbers.contains(number) } }
            try require(counts.accepted == 5 && counts.pending == 5 - Int64(answered), "\(counts)")
            let refused = try succeed("what was refused") { try spool.database.rejected(limit: 10) }
            try require(refused.count == Int(counts.quarantined), "\(refused.count) are refused: \(counts)")
        }
    }

    /// The keys of the golden vectors, which everybody knows.
    private static let centreKeys = [SigningKey([UInt8](0..<32)), SigningKey([UInt8](100..<132))].compactMap {
        $0?.publicKey
    }
}
