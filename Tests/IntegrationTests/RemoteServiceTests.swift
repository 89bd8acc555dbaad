import Broker
import Demonstration
import Dossiers
import IntakeProtocol
import Machines
import Postgres
import ServiceLifecycle
import Spool
import Store
import Surveys
import TestSupport
import Testing
import WireMessages
import Worker
import ZeroMQ

/// Workers and survey senders on other machines: who gets in by which key.
@Suite(.takingTurns) struct RemoteServiceTests {
    @Test func `A worker on another machine works by its key, and nobody gets in at its door by another`() async throws
    {
        let centre = try await Centre()
        let (server, key, strange, senderKey) = (
            try CurveSecretKey(), try CurveSecretKey(), try CurveSecretKey(), try CurveSecretKey()
        )
        let endpoint = "tcp://127.0.0.1:\(try FreePort.find())"
        var configuration = BrokerConfiguration(front: [centre.intake], back: endpoint, serverKey: server)
        configuration.workerKeys = [key.publicKey]
        configuration.overhead = 1 << 40
        try await centre.session.perform { connection in
            _ = try await SenderKeys(connection).enrol(
                senderKey.publicKey.bytes, of: "office", from: nil, to: nil, by: "test")
        }
        let spool = try centre.spool("office")
        try spool.accept(SampleSubmissions(count: 50, seed: 1))
        let broker = try await BrokerService(configuration, logger: Centre.logger)
        try await centre.run([broker, try centre.courier(spool)]) {
            // A worker with a key that is not listed, or with a sender's, does not join.
            for wrong in [strange, senderKey] {
                let worker = try centre.worker(at: endpoint, as: .client(wrong, server: server.publicKey))
                try await centre.run([worker]) { try await Task.sleep(for: .seconds(3)) }
                #expect(try spool.counts().pending == 50)
            }
            let worker = try centre.worker(at: endpoint, as: .client(key, server: server.publicKey))
            try await centre.run([worker]) {
                try await Centre.until("it is settled") { try spool.isSettled }
            }
            #expect(try await centre.count("dossier") == 50)
        }
    }

    @Test func `A survey sender on another machine gets its tasks by its key`() async throws {
        let centre = try await Centre()
        let (server, key, strange) = (try CurveSecretKey(), try CurveSecretKey(), try CurveSecretKey())
        let endpoint = "tcp://127.0.0.1:\(try FreePort.find())"
        let spool = try centre.spool("office")
        try spool.accept(SampleSubmissions(count: 20, seed: 1))
        var configuration = RelayService.Configuration(
            endpoint: endpoint, database: centre.database.acting(as: .relay), vault: Centre.vault)
        #expect(throws: ZeroMQError.self) { try RelayService(configuration, logger: Centre.logger) }
        configuration.serverKey = server
        configuration.senderKeys = [key.publicKey]
        configuration.memoryBytes = 1 << 40
        let relay = try RelayService(configuration, logger: Centre.logger)
        let services: [any Service] = [
            try await centre.broker(), try centre.worker(), try centre.courier(spool), relay,
        ]
        try await centre.run(services) {
            try await Centre.until("it is settled") { try spool.isSettled }
            let stranger = try Self.listener(endpoint, strange, server)
            try await centre.run([stranger]) { try await Task.sleep(for: .seconds(3)) }
            #expect(await stranger.acknowledgedCount == 0)
            let listener = try Self.listener(endpoint, key, server)
            try await centre.run([listener]) {
                try await Centre.until("all tasks are done") { await listener.acknowledgedCount == 20 }
            }
        }
    }

    private static func listener(
        _ endpoint: String, _ key: CurveSecretKey, _ server: CurveSecretKey
    ) throws -> SurveyListener {
        try SurveyListener(
            endpoint: endpoint, security: .client(key, server: server.publicKey), credit: 10, logger: Centre.logger
        ) { task in
            // A contact comes with it: whoever gets a task may use it.
            !task.applicantName.isEmpty
        }
    }
}
