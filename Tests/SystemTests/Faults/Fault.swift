import Foundation
import TestSupport

/// A fault of the matrix, as it is done to a site and how it heals.
enum Fault: CaseIterable, Sendable {
    /// A2, B5, B6, D1: SIGKILL at a random moment.
    case killAgent, killBroker, killWorker, killAggregator, killRelay, killSurveySender
    /// B4, D2: SIGSTOP for longer than the lease.
    case stopWorker, stopBroker, stopRelay
    /// B1, B2: partitions in both directions and in one.
    case partitionIntake, partitionDelivery, deafBroker, muteBroker, partitionDatabase
    /// B3, B13: a slow way, a way that cuts in the middle, one that turns bits over.
    case slowIntake, tornIntake, noisyIntake, noisyDelivery
    /// C1, C2, C3, C9: restarts, one backend killed, the commit's reply lost, a lock held.
    case restartFast, restartImmediate, killBackend, loseCommit, lockTable
    /// C4, C5: the server says nothing for longer than anybody waits; it takes no writes.
    case stallServer, readOnly
    /// C8, C10: no connection is left for our own programs; statements are cancelled.
    case crowdServer, cancelStatements

    /// Does it, waits as long as it lasts, and heals.
    func strike(_ site: Site, _ numbers: inout SeededNumbers) async throws {
        let worker = Site.Role.worker(Int.random(in: 0..<Site.workers, using: &numbers))
        let agent = Site.Role.agent(Int.random(in: 0..<Site.senders, using: &numbers))
        switch self {
        case .killAgent: site.signal(agent, SIGKILL)
        case .killBroker: site.signal(.broker, SIGKILL)
        case .killWorker: site.signal(worker, SIGKILL)
        case .killAggregator: site.signal(.aggregator, SIGKILL)
        case .killRelay: site.signal(.surveys, SIGKILL)
        case .killSurveySender: site.signal(.listener, SIGKILL)
        case .stopWorker: try await stop(site, worker, for: .seconds(6))
        case .stopBroker: try await stop(site, .broker, for: .seconds(8))
        case .stopRelay: try await stop(site, .surveys, for: .seconds(6))
        case .stallServer: try await site.stallServer(for: .seconds(14))
        case .restartFast: site.signalServer(SIGINT)
        case .restartImmediate: site.signalServer(SIGQUIT)
        case .killBackend:
            try await site.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'hoso-%'")
        case .lockTable: try await site.lock(.seconds(3))
        case .readOnly: try await site.takeNoWrites(for: .seconds(2))
        case .crowdServer: try await site.crowdServer(for: .seconds(3))
        case .cancelStatements: try await site.cancelStatements(for: .seconds(2))
        default: try await disturb(site)
        }
    }

    private func stop(_ site: Site, _ role: Site.Role, for duration: Duration) async throws {
        site.signal(role, SIGSTOP)
        try await Task.sleep(for: duration)
        site.signal(role, SIGCONT)
    }

    private func disturb(_ site: Site) async throws {
        let proxy =
            self == .partitionDelivery || self == .noisyDelivery
            ? site.delivery
            : self == .partitionDatabase || self == .loseCommit ? site.database : site.intake
        proxy.set { weather in
            switch self {
            case .deafBroker: weather.holdsRequests = true
            case .muteBroker: weather.holdsAnswers = true
            case .slowIntake: (weather.delay, weather.piece) = (.milliseconds(30), 2_048)
            case .tornIntake: weather.truncates = true
            case .noisyIntake, .noisyDelivery: weather.flipsOneIn = 7
            case .loseCommit: weather.cutsAfter = Array("COMMIT".utf8)
            default: (weather.holdsRequests, weather.holdsAnswers) = (true, true)
            }
        }
        try await Task.sleep(for: .seconds(3))
        proxy.set { $0 = ChaosProxy.Weather() }
    }
}
