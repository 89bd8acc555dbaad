/// Whether to expect that the dossiers of a batch are new.
///
/// After each batch in which one was not, twice as many go by before it is expected again: what is sent a second time
/// comes in runs, and a transaction that fails has written for nothing.
struct Confidence {
    private var setbacks = 0
    private var passesBy = 0

    /// Whether the next batch is to be copied.
    var allowsCopying: Bool {
        mutating get {
            guard passesBy > 0 else { return true }
            passesBy -= 1
            return false
        }
    }

    /// A batch has been copied.
    mutating func wasRight() { setbacks = 0 }

    /// A batch could not be copied.
    mutating func wasWrong() {
        setbacks = min(setbacks + 1, Self.mostSetbacks)
        passesBy = 1 << setbacks
    }

    private static let mostSetbacks = 6
}
