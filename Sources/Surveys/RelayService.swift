import Dossiers
import FailPoints
import IntakeProtocol
package import Logging
import Machines
import CoreMetrics
package import Observability
package import PersonalData
import Polling
import Postgres
import ServiceLifecycle
package import Store
import SwiftProtobuf
import WireMessages
package import ZeroMQ

/// The survey relay: reads committed tasks in order of commit, hands them to survey senders, and records what they
/// have dealt with. One relay is active at a time; others wait for its lock.
package actor RelayService: Service {
    /// What a relay needs to know.
    package struct Configuration: Sendable {
        /// Endpoint for survey senders.
        package var endpoint: String
        /// Where the database is.
        package var database: DatabaseAddress
        /// The key by which survey senders on other machines know the relay; without one it listens to no network.
        package var serverKey: CurveSecretKey?
        /// Their public keys.
        package var senderKeys: [CurvePublicKey] = []
        /// Opens the contacts of tasks.
        package var vault: Vault
        /// A task that is not acknowledged is delivered again after this time.
        package var lease: Duration
        /// Tasks that are held at most.
        package var capacity = 20_000
        /// Resident bytes of the process above which connections are cut.
        package var memoryBytes = 134_217_728

        /// A configuration.
        package init(
            endpoint: String, database: DatabaseAddress, vault: Vault, lease: Duration = .seconds(30)
        ) {
            self.endpoint = endpoint
            self.database = database
            self.vault = vault
            self.lease = lease
        }
    }

    private typealias Position = RelayMachine<Outbox.Task>.Position

    private let executor: PollingExecutor
    private let configuration: Configuration
    private let logger: Logger
    private let vitals: Vitals
    private let metrics = RelayMetrics()
    /// Before the socket, which it must not outlive: properties are destroyed in this order.
    private var memoryGuard: MemoryGuard
    private let socket: Socket
    /// Behind the socket: as long as that is there, somebody is asked.
    private let keeper: Gatekeeper
    private let door: Door
    private var machine: RelayMachine<Outbox.Task>
    private var cursor = Position.start
    private var deferral: Deferral?
    private var acknowledged: [Int64] = []
    /// How survey senders write; they are answered the same way.
    private var contentTypes: [PeerID: ContentType] = [:]
    private let stop = Signal()
    private var limiter = LogLimiter()
    /// Until when nothing is handed over, because a key is missing.
    private var pausedUntil = ContinuousClock.now

    /// The relay's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Opens the socket.
    package init(_ configuration: Configuration, vitals: Vitals = Vitals(), logger: Logger) throws {
        self.vitals = vitals
        self.configuration = configuration
        self.logger = logger
        executor = try PollingExecutor(name: "hoso-surveys")
        let context = try Context()
        // Before anything listens.
        keeper = try Gatekeeper(in: context)
        door = Door(senders: configuration.senderKeys)
        socket = try Socket(.router, in: context, options: .exposed)
        memoryGuard = try MemoryGuard(over: socket, in: context, limit: configuration.memoryBytes)
        try socket.bind(configuration.endpoint, as: configuration.security)
        machine = RelayMachine(capacity: configuration.capacity, lease: configuration.lease)
    }

    isolated deinit { executor.stop() }

    /// Relays until the service is shut down.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try? await gracefulShutdown()
                await self.beginStop()
            }
            group.addTask { await self.guardMemory() }
            group.addTask { try await self.keepTheDoor() }
            defer { group.cancelAll() }
            try await self.relay()
        }
    }

    private func beginStop() {
        vitals.stopping()
        stop.raise()
    }

    /// In a task of its own, since it must go on while the database is slow, away, or another relay's.
    private func keepTheDoor() async throws {
        while !stop.isRaised, !Task.isCancelled {
            _ = await executor.wait(for: [keeper.interest, .signal(stop)], until: .now.advanced(by: .seconds(1)))
            while let question = try keeper.next() {
                let user = door.user(for: question.visitor)
                if user == nil, limiter.pass("turned away", at: .now) != nil {
                    logger.warning("turned away", metadata: ["address": "\(question.visitor?.address ?? "")"])
                }
                try keeper.answer(question, userID: user?.description)
            }
        }
    }

    private func guardMemory() async {
        defer { vitals.ended("thread") }
        while !stop.isRaised, !Task.isCancelled {
            // On the thread of the work, and silent as soon as that is overdue.
            vitals.lap("thread", within: .seconds(15))
            metrics.senders.set(machine.connected.count)
            metrics.inFlight.set(machine.pendingCount)
            let cut = memoryGuard.check()
            if cut > 0, limiter.pass("too much memory", at: .now) != nil {
                logger.warning("too much memory: connections are cut", metadata: ["count": "\(cut)"])
            }
            _ = await executor.wait(for: [.signal(stop)], until: .now.advanced(by: .milliseconds(100)))
        }
    }

    private func relay() async throws {
        defer { vitals.ended("relay") }
        var pause: Duration = .milliseconds(100)
        while !stop.isRaised, !Task.isCancelled {
            vitals.lap("relay", within: .seconds(60))
            do throws(PostgresError) {
                let connection = try await configuration.database.open(on: executor)
                pause = .milliseconds(100)
                try await serve(Outbox(connection))
            } catch {
                metrics.database.failed(error)
                if case .refused(let state) = error.code, state.remedy == .stop { throw error }
                vitals.degraded("database unavailable")
                logger.warning("database unavailable", metadata: ["reason": "\(error)"])
                _ = await executor.wait(for: [.signal(stop)], until: .now.advanced(by: pause))
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    private func serve(_ outbox: Outbox) async throws(PostgresError) {
        metrics.database.connected()
        while try await !outbox.becomeRelay() {
            vitals.lap("relay", within: .seconds(60))
            vitals.degraded("another relay is active")
            _ = await executor.wait(for: [.signal(stop)], until: .now.advanced(by: .seconds(1)))
            if stop.isRaised { return }
        }
        let floor = try await outbox.floor()
        cursor = max(cursor, Position(transaction: floor.transaction, task: floor.task))
        vitals.ready()
        logger.info("relaying survey tasks", metadata: ["endpoint": "\(configuration.endpoint)"])
        var nextLook = ContinuousClock.now
        while !stop.isRaised, !Task.isCancelled {
            vitals.lap("relay", within: .seconds(60))
            receiveAll()
            if nextLook <= .now {
                // Also while there is nothing to relay: a connection that is lost has lost the relay's lock.
                nextLook = .now.advanced(by: .seconds(5))
                _ = try await outbox.floor()
            }
            try await record(outbox)
            try await load(outbox)
            try await deliver(outbox)
            _ = await executor.wait(
                for: [socket.interest(.readable), .signal(stop)], until: .now.advanced(by: .milliseconds(100)))
        }
        receiveAll()
        try await record(outbox)
        for peer in machine.connected { _ = deliver(Header(.bye), [], to: peer) }
    }

    /// Acknowledgements are recorded before anything else; should that fail, they are kept for the next attempt.
    private func record(_ outbox: Outbox) async throws(PostgresError) {
        guard !acknowledged.isEmpty else { return }
        let floor = floor
        let tasks = Set(acknowledged)
        let count = acknowledged.count
        try await outbox.acknowledge(Array(tasks), floorTransaction: floor.transaction, floorTask: floor.task)
        acknowledged.removeFirst(count)
        metrics.acknowledged.increment(by: tasks.count)
    }

    /// Everything up to here is acknowledged.
    private var floor: Position {
        guard let lowest = [machine.floor, deferral?.lowest].compactMap(\.self).min() else { return cursor }
        return Position(transaction: lowest.transaction, task: lowest.task - 1)
    }

    private func load(_ outbox: Outbox) async throws(PostgresError) {
        guard !machine.connected.isEmpty, machine.room > 0 else { return }
        let wall = WallClock.microseconds
        if let due = deferral?.until, due <= wall {
            // What was passed over is read again; what is held or acknowledged is not taken twice.
            cursor = floor
            deferral = nil
        }
        let tasks = try await outbox.tasks(
            afterTransaction: cursor.transaction, task: cursor.task, limit: min(machine.room, 2_000))
        for task in tasks {
            let position = Position(transaction: task.transaction, task: task.id)
            if task.notBefore > wall {
                deferral = Deferral(deferral, position, until: task.notBefore, now: wall)
            } else {
                machine.add(task, at: position)
            }
            cursor = position
        }
    }

    /// Tasks that were passed over because their contact may not be used yet, and when to look for them again.
    ///
    /// They are not held: a day's dossiers must not take the room of those that are due.
    private struct Deferral {
        let lowest: Position
        let until: Int64

        /// Looks again at most twice per minute, since a look reads everything above the floor.
        init(_ earlier: Deferral?, _ position: Position, until: Int64, now: Int64) {
            lowest = min(earlier?.lowest ?? position, position)
            self.until = max(min(earlier?.until ?? until, until), now + 30_000_000)
        }
    }
}

// MARK: - Survey senders

extension RelayService {
    private func receiveAll() {
        do {
            while let frames = try socket.receive() {
                memoryGuard.heard(frames.last)
                let peer = PeerID(frames[0].bytes)
                do throws(ProtocolError) {
                    switch frames.last?.userID.flatMap(UserID.init) {
                    case .local?, .survey?: break
                    default: throw ProtocolError(.notAuthorised)
                    }
                    try handle(peer, Parcel(frames: frames.dropFirst().map(\.bytes)))
                } catch {
                    logger.warning("message refused", metadata: ["reason": "\(error)"])
                    send(.error, WireRefusal(error.code), to: peer, session: 0)
                }
            }
            contentTypes = contentTypes.filter { machine.connected.contains($0.key) }
        } catch {
            logger.error("cannot receive", metadata: ["reason": "\(error)"])
        }
    }

    private func handle(_ peer: PeerID, _ parcel: Parcel) throws(ProtocolError) {
        let header = parcel.header
        let now = ContinuousClock.now
        if header.contentType != .none { contentTypes[peer] = header.contentType }
        switch header.command {
        case .hello:
            machine.receiverGreeted(peer, session: header.session, credit: Int(min(header.count, 4_096)), at: now)
            send(.welcome, WireBeat(), to: peer, session: header.session)
            logger.info("survey sender joined", metadata: ["senders": "\(machine.connected.count)"])
        case .ping:
            guard machine.receiverBeat(peer, session: header.session, at: now) else {
                return send(.error, WireRefusal(.unknownSession), to: peer, session: header.session)
            }
            send(.pong, WireBeat(), to: peer, session: header.session)
        case .tasksDone:
            let done = try WireSurveyTasksDone(body: parcel.body, as: header.contentType)
            _ = machine.acknowledged(done.tasks, by: peer, at: now)
            // Also those that this run of the relay has not read yet: what is done need not be done again.
            acknowledged += done.tasks
        case .bye: machine.receiverLeft(peer)
        default: throw ProtocolError(.unknownCommand)
        }
    }

    /// Hands tasks over, with whom they are about as of this moment.
    private func deliver(_ outbox: Outbox) async throws(PostgresError) {
        guard pausedUntil <= .now else { return }
        let messages = machine.deliveries(limit: 256, at: .now)
        guard !messages.isEmpty else { return }
        let contacts: [Int64: Outbox.Contact]
        do throws(PostgresError) {
            contacts = try await outbox.contacts(
                of: messages.flatMap { $0.tasks.map(\.id) }, for: "hoso surveys", keys: configuration.vault.keyIDs)
        } catch {
            machine.tookBack(messages.flatMap { $0.tasks.map(\.id) })
            throw error
        }
        var held: [Int64] = []
        for message in messages {
            var tasks = WireSurveyTasks()
            for task in message.tasks {
                do throws(VaultError) {
                    tasks.tasks.append(WireSurveyTask(task, try contact(of: task, contacts)))
                } catch {
                    held.append(task.id)
                    complain(error)
                }
            }
            guard !tasks.tasks.isEmpty else { continue }
            send(.tasks, tasks, to: message.peer, session: message.session, count: tasks.tasks.count)
            metrics.delivered.increment(by: tasks.tasks.count)
            FailPoint.afterTasksSent.pass()
        }
        // Without its contact a task would be acknowledged, and nobody ever asked: it waits until the key is there.
        guard !held.isEmpty else { return }
        machine.tookBack(held)
        pausedUntil = .now.advanced(by: .seconds(5))
    }

    private func complain(_ error: VaultError) {
        guard let withheld = limiter.pass("\(error)", at: .now) else { return }
        logger.error("a task waits for its contact", metadata: ["reason": "\(error)", "withheld": "\(withheld)"])
    }

    /// Whom a task is about; nobody where nothing is known of them, or what is known is damaged.
    private func contact(
        of task: Outbox.Task, _ contacts: [Int64: Outbox.Contact]
    ) throws(VaultError) -> ApplicantDetails? {
        guard let contact = contacts[task.id] else { return nil }
        guard let personal = contact.personal else {
            return ApplicantDetails(id: nil, name: contact.plain.name, phone: contact.plain.phone)
        }
        do throws(VaultError) {
            return ApplicantDetails(try configuration.vault.open(personal, for: .dossier(task.dossier)))
        } catch {
            guard error.code == .damaged else { throw error }
            // It will never open, and the others are not to wait for it.
            logger.error("the contact of a task is damaged", metadata: ["task": "\(task.id)"])
            return nil
        }
    }

    private func send(_ command: Command, _ body: some Message, to peer: PeerID, session: UInt64, count: Int = 0) {
        let type = contentTypes[peer] ?? .protobuf
        var header = Header(command, contentType: type)
        header.session = session
        header.count = UInt32(count)
        guard let bytes = try? body.encoded(as: type), deliver(header, bytes, to: peer) else {
            return machine.receiverLeft(peer)
        }
    }

    /// Hands a message to a survey sender's connection; false when it is gone or full.
    private func deliver(_ header: Header, _ body: [UInt8], to peer: PeerID) -> Bool {
        do {
            let frames = [Frame(peer.bytes)] + Parcel(header, body: body).frames.map { Frame($0) }
            return try socket.send(frames) == .queued
        } catch {
            logger.error("cannot send", metadata: ["reason": "\(error)"])
            return false
        }
    }
}

extension WireSurveyTask {
    /// The message for a task of the outbox.
    fileprivate init(_ task: Outbox.Task, _ contact: ApplicantDetails?) {
        self.init()
        self.task = task.id
        dossierCode = task.dossier
        procedure = task.procedure ?? ""
        unit = task.unit
        channel = Channel(rawValue: task.channel)?.code ?? ""
        returnChannel = task.returnChannel.flatMap(Channel.init(rawValue:))?.code ?? ""
        receivedOn = Day(number: task.receivedOn).description
        notBefore = Instant(microseconds: task.notBefore).rfc3339()
        applicantName = contact?.name ?? ""
        applicantPhone = contact?.phone ?? ""
    }
}
