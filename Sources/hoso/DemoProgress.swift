import Adoption
import Dossiers
import Foundation
import Postgres
import Store

/// How far the demo is.
struct DemoState: Sendable {
    let received: Int64
    let backlog: Int64
    let tasks: Int64
    let delivered: Int64

    init(_ connection: Connection) async throws(PostgresError) {
        let balances = try await Reconciliation(connection).balances()
        received = balances.reduce(0) { $0 + $1.stored + $1.duplicate + $1.quarantined }
        backlog = try await Fold(connection).backlog()
        (tasks, delivered) = try await Outbox(connection).counts()
    }

    func isFinished(_ sent: Int) -> Bool { received >= Int64(sent) && backlog == 0 && delivered == tasks }
}

/// The line that shows how far the demo is.
struct DemoProgress {
    private let total: Int
    private let language: Language

    init(total: Int, language: Language) {
        self.total = total
        self.language = language
    }

    mutating func show(_ state: DemoState) {
        guard Console.isWatched else { return }
        let filled = min(24, Int(state.received) * 24 / max(total, 1))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        let text =
            language == .vietnamese
            ? "\(bar) đã nhận \(state.received)/\(total) · chưa tổng hợp \(state.backlog) · khảo sát \(state.delivered)/\(state.tasks)  "
            : "\(bar) received \(state.received)/\(total) · to fold \(state.backlog) · surveys \(state.delivered)/\(state.tasks)  "
        Console.write("\r" + text, to: .standardError)
    }

    func finish() {
        if Console.isWatched { Console.write("\n", to: .standardError) }
    }
}
