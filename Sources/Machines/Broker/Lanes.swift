/// The two kinds of messages that wait for a worker, neither behind the other.
///
/// A thousand senders that come back at once ask a thousand questions, each of which takes the database a while; batches
/// of those who are there already are not to wait for that. And a flood of batches is not to keep out who greets.
enum Lane {
    case batches
    /// Greetings and beats.
    case questions
}

/// One value for each lane.
struct Lanes<Value> {
    var batches: Value
    var questions: Value

    subscript(_ lane: Lane) -> Value {
        get {
            switch lane {
            case .batches: batches
            case .questions: questions
            }
        }
        _modify {
            switch lane {
            case .batches: yield &batches
            case .questions: yield &questions
            }
        }
    }
}

extension Lanes: Sendable where Value: Sendable {}

extension BrokerMachine.Delivery.Kind {
    var lane: Lane { self == .batch ? .batches : .questions }
}
