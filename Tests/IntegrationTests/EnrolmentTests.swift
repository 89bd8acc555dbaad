import Agent
import Broker
import Demonstration
import Dossiers
import Foundation
import IntakeProtocol
import Keys
import Machines
import Polling
import Postgres
import ServiceLifecycle
import Spool
import Store
import TestSupport
import Testing
import WireMessages
import ZeroMQ

/// How a new sender gets in by a code that is good once.
@Suite(.takingTurns) struct EnrolmentTests {
    /// A centre that listens on a port of this machine.
    fileprivate struct Network {
        let centre: Centre
        let server: CurveSecretKey
        let endpoint: String

        init() async throws {
            centre = try await Centre()
            server = try CurveSecretKey()
            endpoint = "tcp://127.0.0.1:\(try FreePort.find())"
        }

        func run(_ work: @escaping @Sendable (Network) async throws -> Void) async throws {
            var configuration = BrokerConfiguration(
                front: [centre.intake, endpoint], back: centre.workers, serverKey: server)
            configuration.overhead = 1 << 40
            let broker = try await BrokerService(configuration, logger: Centre.logger)
            try await centre.run([broker, try centre.worker()]) { try await work(self) }
        }

        /// A code, as an operator makes it.
        func code(_ sender: String = "new-office", for duration: Duration = .seconds(3_600)) async throws
            -> EnrolmentCode
        {
            let code = EnrolmentCode(
                for: sender, at: endpoint, centreKey: server.publicKey, receiptKey: SigningKey().publicKey)
            let (curve, signing) = (try code.curveKey().publicKey.bytes, try code.signingKey().publicKey.bytes)
            let end = WallClock.microseconds + duration.components.seconds * 1_000_000
            let number = try await centre.session.perform { connection in
                _ = try await connection.run("SET ROLE hoso_operations", as: "act")
                let number = try await Enrolments(connection).make(
                    curve: curve, signing: signing, of: sender, validTo: end, keyEnds: nil, by: "test")
                _ = try await connection.run("RESET ROLE", as: "act")
                return number
            }
            #expect(number > 0)
            // As it is handed over.
            return try #require(EnrolmentCode(code.revealed))
        }

        /// Redeems a code for keys, proved as they are or as others.
        func redeem(
            _ code: EnrolmentCode, _ key: CurveSecretKey, _ signing: SigningKey? = nil,
            proving proved: CurvePublicKey? = nil, patience: Duration = .seconds(20)
        ) async throws -> String {
            let statement = EnrolmentSignature.statement(
                key: (proved ?? key.publicKey).bytes, signingKey: signing?.publicKey.bytes)
            let route = IntakeRoute(
                endpoint: endpoint, security: .client(try code.curveKey(), server: code.centreKey))
            return try await Enrolling(route).enrol(
                key.publicKey, signingKey: signing?.publicKey, signature: code.signingKey().signature(of: statement),
                patience: patience)
        }

        func keys(_ sender: String = "new-office") async throws -> [SenderKeys.Key] {
            try await centre.session.perform { try await SenderKeys($0).list(sender) }
        }
    }

    @Test func `A code enrols one key, once; the same key again is told the same`() async throws {
        let network = try await Network()
        try await network.run { network async throws in
            let code = try await network.code()
            let (key, signing) = (try CurveSecretKey(), SigningKey())
            #expect(try await network.redeem(code, key, signing) == "new-office")
            let keys = try await network.keys()
            #expect(keys.map(\.curve) == [key.publicKey.bytes] && keys[0].signing == signing.publicKey.bytes)
            #expect(keys[0].enrolledBy == "code 1 of test")
            // The answer may have been lost on the way.
            #expect(try await network.redeem(code, key, signing) == "new-office")
            try await Task.sleep(for: .seconds(2))
            #expect(try await network.redeem(code, key, signing) == "new-office", "also when all have heard of it")
            let other = try CurveSecretKey()
            let failure = await failure { try await network.redeem(code, other, patience: .seconds(4)) }
            #expect(failure == .refused)
            #expect(try await network.keys().count == 1)
            // The key that was enrolled sends.
            let spool = try network.centre.spool("new-office")
            try spool.accept(SampleSubmissions(count: 3))
            let route = IntakeRoute(
                endpoint: network.endpoint, security: .client(key, server: network.server.publicKey))
            let courier = try Courier(
                spool, routes: [route], evidence: AgentEvidence(signingKey: signing), software: "test/1",
                logger: Centre.logger)
            try await network.centre.run([courier]) {
                try await Centre.until("it is settled") { try spool.isSettled }
            }
        }
    }

    @Test func `Who is between puts no key of its own in the place`() async throws {
        let network = try await Network()
        try await network.run { network async throws in
            let code = try await network.code()
            let (key, other) = (try CurveSecretKey(), try CurveSecretKey())
            // Signed for one key, sent with another.
            let forged = await failure { try await network.redeem(code, other, proving: key.publicKey) }
            #expect(forged == .refused)
            #expect(try await network.keys() == [])
            #expect(try await network.redeem(code, key) == "new-office", "the code is still good")
        }
    }

    @Test func `A code that has ended, was withdrawn or belongs nowhere is not let in`() async throws {
        let network = try await Network()
        try await network.run { network async throws in
            let brief = try await network.code("brief", for: .seconds(1))
            let withdrawn = try await network.code("withdrawn")
            let strange = EnrolmentCode(
                for: "strange", at: network.endpoint, centreKey: network.server.publicKey, receiptKey: nil)
            let ended = try await network.centre.session.perform { try await Enrolments($0).withdraw(of: "withdrawn") }
            #expect(ended == 1)
            try await Task.sleep(for: .seconds(3))
            let key = try CurveSecretKey()
            for code in [brief, withdrawn, strange] {
                let failure = await failure { try await network.redeem(code, key, patience: .seconds(2)) }
                #expect(failure == .notAdmitted, "\(code.sender)")
            }
            let elsewhere = EnrolmentCode(
                for: "new-office", at: network.endpoint, centreKey: try CurveSecretKey().publicKey, receiptKey: nil)
            let failure = await failure { try await network.redeem(elsewhere, key) }
            #expect(failure == .otherCentre)
        }
    }

    @Test func `With a code nothing can be done but to redeem it, and without one that cannot be done`() async throws {
        let network = try await Network()
        try await network.run { network async throws in
            let code = try await network.code()
            try await Task.sleep(for: .seconds(2))
            for command in [Command.hello, .batch, .ping, .roster, .tasksDone] {
                let refusal = try await network.answer(
                    to: command, by: .client(code.curveKey(), server: code.centreKey))
                #expect(refusal == "not_authorised", "\(command)")
            }
            // A sender, or a process of this machine, has no code.
            let key = try CurveSecretKey()
            #expect(try await network.redeem(code, key) == "new-office")
            try await Task.sleep(for: .seconds(2))
            let refused = try await network.answer(to: .enrol, by: .client(key, server: network.server.publicKey))
            #expect(refused == "unknown_command")
        }
    }

    /// Why something failed.
    private func failure(_ body: () async throws -> String) async -> Enrolling.Failure? {
        do {
            _ = try await body()
            return nil
        } catch {
            return error as? Enrolling.Failure
        }
    }
}

extension EnrolmentTests.Network {
    /// The code of the refusal that a command is answered with.
    fileprivate func answer(to command: Command, by security: Security) async throws -> String {
        let sender = try BareSender(endpoint: endpoint, security: security)
        var header = Header(command, contentType: .json)
        header.session = 5
        try await sender.send(header, Array("{}".utf8))
        let answer = try #require(try await sender.answer(), "\(command)")
        #expect(answer.header.command == .error, "\(command)")
        return try WireRefusal(body: answer.body, as: answer.header.contentType).code
    }
}
