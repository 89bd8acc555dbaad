package import Dossiers
package import IntakeProtocol
package import PersonalData
package import Store
package import ZeroMQ

/// What a worker needs to know.
package struct WorkerConfiguration: Sendable {
    /// The broker's endpoint for workers.
    package var endpoint: String
    /// How worker and broker know each other; over a network only by keys.
    package var security = Security.local(domain: nil)
    /// Where the database is.
    package var database: DatabaseAddress
    /// Entries of a transaction.
    package var batchEntries: Int
    /// The zone of local days.
    package var zone: LocalZone
    /// What happens to unknown units and procedures.
    package var policy: Catalogue.Policy
    /// Seconds by which a sender's clock may be ahead.
    package var futureTolerance: Int64
    /// Which dossiers get a survey task.
    package var survey: SurveyPolicy
    /// Seals personal data: without a key for it there is no worker.
    package var vault: Vault
    /// The key by which the centre signs receipts; `nil`: it does not.
    package var receiptKey: SigningKey?

    /// A configuration.
    package init(
        endpoint: String, database: DatabaseAddress, vault: Vault, batchEntries: Int = 1_000, zone: LocalZone,
        policy: Catalogue.Policy = .open, futureTolerance: Int64 = 86_400, survey: SurveyPolicy = SurveyPolicy(),
        receiptKey: SigningKey? = nil
    ) {
        self.endpoint = endpoint
        self.database = database
        self.vault = vault
        self.batchEntries = batchEntries
        self.zone = zone
        self.policy = policy
        self.futureTolerance = futureTolerance
        self.survey = survey
        self.receiptKey = receiptKey
    }
}

/// Why a worker has to stop.
package struct WorkerError: Error, CustomStringConvertible {
    /// What the operator has to mend.
    package enum Code: Sendable, Equatable {
        /// The database has not been migrated.
        case databaseBehind
        /// The database has been migrated by a newer version.
        case databaseAhead
        /// The database refuses our own statements; nothing was acknowledged.
        case statementRefused(String)
        /// What the database has sealed does not open with the keys at hand.
        case keysDoNotFit(VaultError)
    }

    /// What the operator has to mend.
    package let code: Code

    /// What is wrong and what to do.
    package var description: String {
        switch code {
        case .databaseBehind: "the database lacks migrations: run `hoso migrate`"
        case .databaseAhead: "the database was migrated by a newer version of hoso: update this program"
        case .keysDoNotFit(let error): "the keys of personal.keys do not open what is in the database: \(error)"
        case .statementRefused(let reason): "the database refuses the program's statements (\(reason))"
        }
    }
}
