import Dossiers
import IntakeProtocol
import Spool
import WireMessages

/// What a courier remembers of a batch until its receipt comes.
struct SentBatch {
    /// The digests of its entries.
    private(set) var digests: [Digest] = []
    /// 8 bytes per entry by which its receipt is found again, see ``CodeTag``.
    private var tags: [UInt8] = []

    /// When it was sent.
    let sentAt = ContinuousClock.now

    /// What there is to remember of a run.
    /// - Parameter isFound: whether its receipt is to be found by dossier codes.
    init(_ run: SpoolRun, isFound: Bool) {
        digests.reserveCapacity(run.count)
        tags.reserveCapacity(8 * run.count)
        let bytes = run.body.span
        let type = ContentType(rawValue: run.contentType) ?? .protobuf
        var offset = Digest.size
        for _ in 0..<run.count {
            let body = offset + Digest.size + 4
            digests.append(Digest(bytes.extracting(offset..<(offset + Digest.size))) ?? .zero)
            let length = (offset + Digest.size..<body).reduce(0) { $0 << 8 | Int(bytes[$1]) }
            if isFound {
                let tag = CodeTag.hash(ofEntry: bytes.extracting(body..<(body + length)), as: type)
                unsafe withUnsafeBytes(of: tag.bigEndian) { unsafe tags.append(contentsOf: $0) }
            }
            offset = body + length
        }
    }

    /// What became of the entries, one byte each, when a receipt says it of each of them, and for good.
    func outcomes(_ receipt: WireReceipt, first: UInt64) -> [UInt8]? {
        var outcomes = [UInt8](repeating: 0, count: digests.count)
        let last = first + UInt64(digests.count) - 1
        for verdict in receipt.verdicts {
            // None of another batch either: a verdict on those would not be covered by the signature.
            guard verdict.first >= first, verdict.last <= last, verdict.first <= verdict.last,
                let outcome = UInt8(exactly: verdict.outcome.rawValue), (1...4).contains(outcome)
            else { return nil }
            for number in verdict.first...verdict.last { outcomes[Int(number - first)] = outcome }
        }
        return outcomes.contains(0) ? nil : outcomes
    }

    /// What is kept of a signed receipt; `nil` when its parts are of other sizes than they can be.
    func proof(_ signed: WireReceipt.Signed, first: UInt64, _ outcomes: [UInt8]) -> SpoolProof? {
        guard signed.key.count == VerificationKey.idSize, signed.signature.count == BatchSignature.size else {
            return nil
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(digests.count * Digest.size)
        for digest in digests { bytes.append(contentsOf: digest.bytes) }
        return SpoolProof(
            first: first, committedAt: signed.committedAt, key: [UInt8](signed.key),
            signature: [UInt8](signed.signature), outcomes: outcomes, digests: bytes, tags: tags)
    }

    /// Whether one of the keys has signed what a receipt says.
    func isGenuine(
        _ signed: WireReceipt.Signed, of sender: String, epoch: UInt64, first: UInt64, _ outcomes: [UInt8],
        keys: [VerificationKey]
    ) -> Bool {
        guard let key = keys.first(where: { $0.id.elementsEqual(signed.key) }) else { return false }
        let head = ReceiptHead(
            key: key.id, sender: sender, epoch: epoch, first: first, count: digests.count,
            committedAt: signed.committedAt,
            root: MerkleTree.root(first: first, outcomes: outcomes, digests: digests))
        return key.verifies([UInt8](signed.signature), of: head.statement)
    }
}

/// Eight bytes that stand for a dossier code in the spool, which keeps no entry after its receipt.
///
/// Two codes may have the same tag, though none will within a lifetime; no receipt is believed for its tag.
package enum CodeTag {
    /// The tag of a code.
    package static func of(_ code: String) -> [UInt8] {
        let hash = FNV1a.hash(code.utf8.span)
        return (0..<8).map { UInt8(truncatingIfNeeded: hash >> UInt64(56 - 8 * $0)) }
    }

    /// The tag of the code in an entry as an integer; 0 where there is none.
    static func hash(ofEntry entry: Span<UInt8>, as type: ContentType) -> UInt64 {
        if type == .protobuf, let place = IntakeScanner.dossierCode(entry) {
            return FNV1a.hash(entry.extracting(place))
        }
        switch EntryContent(entry.indices.map { entry[$0] }, as: type) {
        case .intake(let submission), .correction(_, let submission):
            return FNV1a.hash(submission.dossierCode.utf8.span)
        default: return 0
        }
    }
}
