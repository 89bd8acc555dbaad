import Dossiers
import IntakeProtocol
import Store

/// The senders that have to sign their batches, and by which keys.
///
/// A sender signs when every key that lets it in now was enrolled with a signing key: while one without is still let in, as in
/// the days of a change, batches without signature are taken too.
struct Signatories {
    private struct Member {
        let number: Int32
        let key: VerificationKey?
        let validity: Range<Int64>
    }

    /// Only senders that have a signing key.
    private let members: [String: [Member]]

    /// Nobody signs.
    init() { members = [:] }

    /// The senders of these keys.
    init(_ keys: [SenderKeys.Key]) {
        members = Dictionary(grouping: keys, by: \.sender).compactMapValues { keys in
            guard keys.contains(where: { $0.signing != nil }) else { return nil }
            return keys.map { key in
                Member(
                    number: key.number, key: key.signing.flatMap { VerificationKey($0) },
                    validity: key.validFrom..<max(key.validFrom, key.validTo ?? .max))
            }
        }
    }

    /// The number of the key that has signed a batch; `nil` when its sender need not sign, and has no key by which a signature
    /// could be checked, or has not signed.
    /// - Throws: ``ProtocolError`` when a signature is missing or wrong, or does not cover every entry.
    func signer(
        of batch: BatchBody, _ header: Header, sender: String, at moment: Int64
    ) throws(ProtocolError) -> Int32? {
        guard let current = members[sender]?.filter({ $0.validity.contains(moment) }),
            current.contains(where: { $0.key != nil })
        else { return nil }
        guard let signature = batch.signature else {
            guard current.contains(where: { $0.key == nil }) else { throw ProtocolError(.badSignature) }
            return nil
        }
        let statement = BatchSignature.statement(
            sender: sender, header: header, previous: batch.previous, last: batch.items.last?.digest ?? .zero)
        guard let signer = current.first(where: { $0.key?.verifies(signature, of: statement) == true }) else {
            throw ProtocolError(.badSignature)
        }
        return signer.number
    }
}
