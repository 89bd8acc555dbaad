/// An entry on its way into the database.
struct Work {
    let key: LedgerKey
    let entry: Entry
    let delivery: OpenDelivery
    let index: Int

    /// How many of the first entries go together: whole batches as far as possible.
    static func count(in works: [Work], limit: Int) -> Int {
        guard works.count > limit else { return works.count }
        var end = limit
        while end > 1, works[end].delivery === works[end - 1].delivery { end -= 1 }
        return end > 1 ? end : limit
    }

    /// Entries with the number of an earlier one in the batch wait for the next transaction.
    static func split(_ works: ArraySlice<Work>) -> (batch: [Work], repeated: [Work]) {
        var keys: Set<LedgerKey> = []
        var batch: [Work] = [], repeated: [Work] = []
        for work in works {
            if keys.insert(work.key).inserted { batch.append(work) } else { repeated.append(work) }
        }
        return (batch, repeated)
    }
}

/// A batch that waits for the outcomes of its entries.
final class OpenDelivery {
    let number: UInt64
    let session: UInt64
    let first: UInt64
    var outcomes: [Outcome?]
    var isAnswered = false

    init(_ number: UInt64, session: UInt64, first: UInt64, count: Int) {
        self.number = number
        self.session = session
        self.first = first
        outcomes = Array(repeating: nil, count: count)
    }

    var isResolved: Bool { outcomes.allSatisfy { $0 != nil } }
}

extension Message {
    /// What a broker handed to a worker.
    struct Delivered {
        let number: UInt64
        let message: Message

        /// The sender that it is about.
        var sender: Int {
            switch message {
            case .hello(_, let sender, _), .batch(_, let sender, _, _), .ping(_, let sender, _): sender
            default: -1
            }
        }

        private var isGreeting: Bool {
            if case .hello = message { true } else { false }
        }

        /// Whether a worker needs to answer only the newer one of two questions.
        func isReplaced(by newer: Delivered) -> Bool { sender == newer.sender && isGreeting == newer.isGreeting }

        /// The answer to a greeting, which names the highest number, or to a head, which does not.
        func answer(_ highest: UInt64) -> Message {
            guard case .hello(let session, _, _) = message else { return .workerPong }
            return .welcome(session: session, highest: highest, entries: 0, bytes: 0)
        }
    }
}
