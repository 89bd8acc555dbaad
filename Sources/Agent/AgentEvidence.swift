package import IntakeProtocol

/// How an agent proves what it sends, and what it asks to be proved.
package struct AgentEvidence: Sendable {
    /// The key by which batches are signed; `nil`: they are not.
    package var signingKey: SigningKey?
    /// The centre's keys: no receipt counts that none of them has signed; empty: every receipt counts.
    package var receiptKeys: [VerificationKey]
    /// Days for which proofs are kept.
    package var keptDays: Int

    /// Nothing is signed or checked.
    package init(signingKey: SigningKey? = nil, receiptKeys: [VerificationKey] = [], keptDays: Int = 365) {
        self.signingKey = signingKey
        self.receiptKeys = receiptKeys
        self.keptDays = keptDays
    }
}
