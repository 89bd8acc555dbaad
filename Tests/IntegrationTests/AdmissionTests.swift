import Agent
import Broker
import Demonstration
import Dossiers
import IntakeProtocol
import Machines
import Polling
import Postgres
import ServiceLifecycle
import Spool
import Store
import TestSupport
import Testing
import Worker
import ZeroMQ

/// Who gets in to a broker that listens to a network, and who has to leave it.
@Suite(.takingTurns) struct AdmissionTests {
    /// A centre whose broker listens on a port of this machine.
    private struct Network {
        let centre: Centre
        let server: CurveSecretKey
        let endpoint: String

        init() async throws {
            centre = try await Centre()
            server = try CurveSecretKey()
            endpoint = "tcp://127.0.0.1:\(try FreePort.find())"
        }

        func broker(
            only key: CurveSecretKey? = nil, next: CurveSecretKey? = nil, at nextEndpoint: String? = nil
        ) async throws -> BrokerService {
            var configuration = BrokerConfiguration(
                front: [centre.intake, endpoint], back: centre.workers, serverKey: key ?? server)
            configuration.nextFront = nextEndpoint.map { [$0] } ?? []
            configuration.nextServerKey = next
            configuration.overhead = 1 << 40
            // The sockets of an earlier one in this process are closed a moment after it has ended.
            for _ in 0..<200 {
                do { return try await BrokerService(configuration, logger: Centre.logger) } catch is ZeroMQError {
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            return try await BrokerService(configuration, logger: Centre.logger)
        }

        /// A sender with ten dossiers, and the key that it has.
        func sender(_ name: String, seed: UInt64) throws -> (spool: SpoolDatabase, key: CurveSecretKey) {
            let spool = try centre.spool(name)
            try spool.accept(SampleSubmissions(count: 10, seed: seed))
            return (spool, try CurveSecretKey())
        }

        func courier(
            _ spool: SpoolDatabase, _ key: CurveSecretKey, server other: CurvePublicKey? = nil
        ) throws -> Courier {
            let route = IntakeRoute(endpoint: endpoint, security: .client(key, server: other ?? server.publicKey))
            return try Courier(spool, routes: [route], software: "test/1", logger: Centre.logger)
        }

        @discardableResult
        func enrol(_ key: CurveSecretKey, as name: String, to end: Int64? = nil) async throws -> Int32? {
            try await centre.session.perform { connection in
                try await SenderKeys(connection).enrol(
                    key.publicKey.bytes, of: name, from: nil, to: end, by: "test")
            }
        }

        func grant(_ authority: Authority, to name: String) async throws {
            let isGranted = try await centre.session.perform { connection in
                try await SenderGrants(connection).grant(authority, to: name, by: "test")
            }
            #expect(isGranted)
        }

        func revoke(_ name: String, key: Int32? = nil) async throws -> [Int32] {
            try await centre.session.perform { connection in
                try await SenderKeys(connection).revoke(name, key: key, by: "test", because: "lost")
            }
        }
    }

    @Test func `Only a key that is enrolled gets in, and the sender is the one that it was enrolled for`() async throws
    {
        let network = try await Network()
        let (known, key) = try network.sender("known", seed: 1)
        let (stranger, strangeKey) = try network.sender("stranger", seed: 2)
        // It has an enrolled key, and calls itself by another's name.
        let (impostor, impostorKey) = try network.sender("victim", seed: 3)
        try await network.enrol(key, as: "known")
        try await network.enrol(impostorKey, as: "impostor")
        try await network.enrol(try CurveSecretKey(), as: "victim")
        let services: [any Service] = [
            try await network.broker(), try network.centre.worker(), try network.courier(known, key),
            try network.courier(stranger, strangeKey), try network.courier(impostor, impostorKey),
        ]
        try await network.centre.run(services) {
            try await Centre.until("the known one is settled") { try known.isSettled }
            try await Task.sleep(for: .seconds(1))
            #expect(try stranger.counts().pending == 10 && impostor.counts().pending == 10)
            #expect(try await network.centre.count("dossier") == 10)
            #expect(try await network.centre.count("sender_epoch") == 1)
        }
    }

    @Test func `A key that is revoked is out within five seconds, while others go on`() async throws {
        let network = try await Network()
        let (leaving, key) = try network.sender("leaving", seed: 1)
        let (staying, other) = try network.sender("staying", seed: 2)
        try await network.enrol(key, as: "leaving")
        try await network.enrol(other, as: "staying")
        let courier = try network.courier(leaving, key)
        let services: [any Service] = [
            try await network.broker(), try network.centre.worker(), courier, try network.courier(staying, other),
        ]
        try await network.centre.run(services) {
            try await Centre.until("both are settled") { try leaving.isSettled && staying.isSettled }
            #expect(await courier.isWelcome)
            #expect(try await network.revoke("leaving").count == 1)
            let start = ContinuousClock.now
            try await Centre.until("it is out") { await !courier.isWelcome }
            let took = start.duration(to: .now)
            print("revocation took \(took)")
            #expect(took < .seconds(5))
            try leaving.accept(SampleSubmissions(count: 10, seed: 5))
            try staying.accept(SampleSubmissions(count: 10, seed: 6))
            try await Centre.until("the other one goes on") { try staying.isSettled }
            try await Task.sleep(for: .seconds(6))
            #expect(try leaving.counts().pending == 10, "nothing comes in, also after it has tried again")
            #expect(try await network.enrol(key, as: "leaving") == nil, "a revoked key does not return")
        }
    }

    @Test func `Of two keys of a sender one can be revoked, and a key ends when it was to end`() async throws {
        let network = try await Network()
        let (spool, key) = try network.sender("office", seed: 1)
        let next = try CurveSecretKey(), brief = try CurveSecretKey()
        let number = try await network.enrol(key, as: "office")
        try await network.enrol(next, as: "office")
        let (guest, _) = try network.sender("guest", seed: 2)
        let end = WallClock.microseconds + 3_000_000
        try await network.enrol(brief, as: "guest", to: end)
        let briefCourier = try network.courier(guest, brief), nextCourier = try network.courier(spool, next)
        let services: [any Service] = [
            try await network.broker(), try network.centre.worker(), nextCourier, briefCourier,
        ]
        try await network.centre.run(services) {
            try await Centre.until("both are settled") { try spool.isSettled && guest.isSettled }
            #expect(try await network.revoke("office", key: number) == [number])
            try await Centre.until("the other one has ended") { await !briefCourier.isWelcome }
            let late = WallClock.microseconds - end
            #expect(late >= 0 && late < 5_000_000, "\(late) µs after its end")
            try spool.accept(SampleSubmissions(count: 10, seed: 3))
            try await Centre.until("the second key still counts") { try spool.isSettled }
            #expect(await nextCourier.isWelcome)
        }
    }

    @Test func `Who was turned away gets in within half a minute of being enrolled, without a restart`() async throws {
        let network = try await Network()
        let (spool, key) = try network.sender("late", seed: 1)
        let services: [any Service] = [
            try await network.broker(), try network.centre.worker(), try network.courier(spool, key),
        ]
        try await network.centre.run(services) {
            try await Task.sleep(for: .seconds(2))
            #expect(try spool.counts().pending == 10)
            try await network.enrol(key, as: "late")
            let start = ContinuousClock.now
            try await Centre.until("it is settled") { try spool.isSettled }
            let took = start.duration(to: .now)
            print("admission took \(took)")
            #expect(took < .seconds(30))
        }
    }

    @Test func `What a sender may not hand in is quarantined with the reason, and a change counts within seconds`()
        async throws
    {
        let network = try await Network()
        let (spool, key) = try network.sender("office", seed: 1)
        try await network.enrol(key, as: "office")
        try await network.grant(Authority(channels: [.inPerson, .postal], units: ["H36.31"]), to: "office")
        let services: [any Service] = [
            try await network.broker(), try network.centre.worker(), try network.courier(spool, key),
        ]
        try await network.centre.run(services) {
            try await Centre.until("it is settled") { try spool.isSettled }
            let online = try await network.centre.count(
                "quarantine", where: "reasons @> '[{\"code\": \"channel_not_allowed\", \"value\": \"online\"}]'")
            let counts = try spool.counts()
            #expect(online > 0 && counts.rejected == Int64(online) && counts.stored == 10 - Int64(online))
            #expect(try await network.centre.count("dossier", where: "channel = 2") == 0)
            try await network.grant(Authority(units: ["H37"]), to: "office")
            try await Task.sleep(for: .seconds(3))
            try spool.accept(SampleSubmissions(count: 10, seed: 2))
            try await Centre.until("all is answered") { try spool.isSettled }
            let elsewhere = try await network.centre.count(
                "quarantine", where: "reasons @> '[{\"code\": \"unit_not_allowed\"}]'")
            #expect(elsewhere == 10)
        }
    }

    @Test func `No worker judges a sender by what it knew before the sender was enrolled`() async throws {
        let network = try await Network()
        let workers: [any Service] = try (0..<3).map { _ in try network.centre.worker() }
        let authority = Authority(channels: [.postal])
        try await network.centre.run(workers + [try await network.broker()]) {
            for round in 1...6 as ClosedRange<UInt64> {
                let (spool, key) = try network.sender("office-\(round)", seed: round)
                try await network.centre.session.perform { connection in
                    // In one transaction: between two, the key would count for everything.
                    _ = try await SenderKeys(connection).enrol(
                        key.publicKey.bytes, of: spool.sender, granting: authority, from: nil, to: nil, by: "test")
                }
                // The first worker that has looked tells the broker, while others have not looked for up to a second.
                try await Task.sleep(for: .milliseconds(150 * round))
                try await network.centre.run([try network.courier(spool, key)]) {
                    try await Centre.until("it is settled") { try spool.isSettled }
                }
            }
            #expect(try await network.centre.count("dossier", where: "channel <> 3") == 0)
            #expect(try await network.centre.count("dossier") > 0)
        }
    }

    @Test func `A restored database takes nothing of its say from it`() async throws {
        let network = try await Network()
        let (spool, key) = try network.sender("office", seed: 1)
        try await network.enrol(key, as: "office")
        let courier = try network.courier(spool, key)
        let services: [any Service] = [try await network.broker(), try network.centre.worker(), courier]
        try await network.centre.run(services) {
            try await Centre.until("it is settled") { try spool.isSettled }
            // As after a restore: another version than any that was seen, and a lower one.
            try await network.centre.session.perform { connection in
                _ = try await connection.run("UPDATE hoso.roster SET version = 1", as: "go back")
            }
            try await Task.sleep(for: .seconds(2))
            #expect(try await network.revoke("office").count == 1)
            let start = ContinuousClock.now
            try await Centre.until("it is out") { await !courier.isWelcome }
            #expect(start.duration(to: .now) < .seconds(5))
        }
    }

    @Test func `The centre changes its key while senders go on, each by the key that it knows`() async throws {
        let network = try await Network()
        let next = try CurveSecretKey()
        let nextEndpoint = "tcp://127.0.0.1:\(try FreePort.find())"
        let (old, oldKey) = try network.sender("old", seed: 1)
        let (new, newKey) = try network.sender("new", seed: 2)
        try await network.enrol(oldKey, as: "old")
        try await network.enrol(newKey, as: "new")
        // One knows the key in force only; the other one both, and walks from one to the other.
        let routes = [(network.endpoint, network.server), (nextEndpoint, next), (network.endpoint, next)].map {
            IntakeRoute(endpoint: $0, security: .client(newKey, server: $1.publicKey))
        }
        let changing = try Courier(new, routes: routes, software: "test/1", logger: Centre.logger)
        let worker = try network.centre.worker()
        try await network.centre.run([worker, changing, try network.courier(old, oldKey)]) {
            try await network.centre.run([try await network.broker(next: next, at: nextEndpoint)]) {
                try await Centre.until("both are settled") { try old.isSettled && new.isSettled }
            }
            // The next key has taken the place of the former one; its port is free a moment after.
            try await Task.sleep(for: .milliseconds(500))
            try new.accept(SampleSubmissions(count: 10, seed: 3))
            try old.accept(SampleSubmissions(count: 10, seed: 4))
            try await network.centre.run([try await network.broker(only: next)]) {
                try await Centre.until("who knows the new key goes on") { try new.isSettled }
                #expect(try old.counts().pending == 10, "who does not know it sends nothing")
            }
        }
    }

    @Test func `Without a worker nobody knows anybody; with the first one all come in`() async throws {
        let network = try await Network()
        let (spool, key) = try network.sender("early", seed: 1)
        try await network.enrol(key, as: "early")
        let courier = try network.courier(spool, key)
        try await network.centre.run([try await network.broker(), courier]) {
            try await Task.sleep(for: .seconds(1))
            #expect(await !courier.isWelcome)
            try await network.centre.run([try network.centre.worker()]) {
                try await Centre.until("it is settled") { try spool.isSettled }
            }
        }
    }

    @Test func `A broker without a key of its own, and a sender that expects another, get nowhere`() async throws {
        let network = try await Network()
        let bare = try await BrokerService(
            BrokerConfiguration(front: [network.endpoint], back: network.centre.workers + "2"), logger: Centre.logger)
        await #expect(throws: BrokerError.self) { try await bare.run() }
        let (spool, key) = try network.sender("deceived", seed: 1)
        try await network.enrol(key, as: "deceived")
        let courier = try network.courier(spool, key, server: CurveSecretKey().publicKey)
        try await network.centre.run([try await network.broker(), try network.centre.worker(), courier]) {
            try await Task.sleep(for: .seconds(2))
            #expect(try spool.counts().pending == 10)
            #expect(await !courier.isWelcome)
        }
    }
}
