package import Dossiers
package import IntakeProtocol
package import PersonalData
package import Store

/// What a worker does with a batch before it needs the database, for whoever counts what that costs.
package struct BatchReader {
    private var preparation: Preparation

    /// A reader that judges by a validator, chooses for the survey by a policy, and protects what is personal.
    package init(validator: Validator, policy: SurveyPolicy, protection: Protection) {
        preparation = Preparation(validator: validator, policy: policy)
        preparation.use(protection)
    }

    /// The new dossiers of a batch; what would have to be revised or quarantined is left out.
    /// - Throws: when the batch as a whole is damaged.
    package mutating func newEntries(
        header: Header, body: [UInt8], sender: Int32, now: Instant
    ) throws(ProtocolError) -> [AcceptedEntry] {
        let delivery = OpenDelivery(
            tag: DeliveryTag(delivery: 1, roster: 0, sender: "reader"), header: header, body: body)
        return try preparation.work(for: delivery, sender: sender, now: now).compactMap { work in
            guard case .store(let entry) = work.job else { return nil }
            return entry
        }
    }
}
