import Machines

/// What a dossier is in the simulation.
struct Entry: Equatable {
    /// Its dossier code.
    let code: Int
    /// What it says.
    let content: Int
    /// Whether it has to be quarantined.
    let isFaulty: Bool
}

/// The permanent outcomes of an entry.
enum Outcome: Equatable { case stored, duplicate, rejected, conflict }

/// A survey task on the wire.
struct SurveyTask: Equatable {
    let id: Int64
    let code: Int
}

/// The messages of DIP/1, as far as the machines can tell them apart.
enum Message {
    // Between sender and broker.
    case hello(session: UInt64, sender: Int, head: UInt64)
    case welcome(session: UInt64, highest: UInt64, entries: Int, bytes: Int)
    case batch(session: UInt64, sender: Int, first: UInt64, entries: [Entry])
    /// An entry without an outcome is to be sent again after so many milliseconds.
    case receipt(session: UInt64, first: UInt64, outcomes: [Outcome?], retryAfter: Int)
    case credit(session: UInt64, entries: Int, bytes: Int)
    case ping(session: UInt64, sender: Int, head: UInt64)
    case pong(session: UInt64)
    case unknownSession(session: UInt64)
    case crowded(session: UInt64)
    case bye(session: UInt64)

    // Between broker and worker.
    case workerHello(session: UInt64, capacity: Int)
    case workerWelcome(session: UInt64)
    case workerPing
    case workerPong
    case workerUnknown
    case workerDrain
    case workerBye
    indirect case delivery(number: UInt64, Message)
    indirect case answer(number: UInt64, isDraining: Bool, Message)

    // Between relay and survey sender.
    case surveyHello(session: UInt64, credit: Int)
    case surveyWelcome(session: UInt64)
    case surveyPing(session: UInt64)
    case surveyPong(session: UInt64)
    case surveyUnknown(session: UInt64)
    case tasks(session: UInt64, [SurveyTask])
    case tasksDone([Int64])

    /// Bytes of a BATCH body that each entry stands for.
    static let entryBytes = 400
}
