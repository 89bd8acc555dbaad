import CoreMetrics
import Dossiers
import IntakeProtocol
package import Logging
import Machines
package import Observability
import Polling
import Postgres
import ServiceLifecycle
import Store
import SwiftProtobuf
import WireMessages
import ZeroMQ

/// A worker: takes batches from the broker, validates them, stores them, and answers after COMMIT.
///
/// Two tasks share one thread. ``pump()`` owns the socket: it beats, reads deliveries and prepares them while the
/// database is busy. ``store()`` owns the connection: it takes whatever has gathered since the last commit, so that
/// batches grow with the load and nobody waits when there is none.
package actor WorkerService: Service {
    let executor: PollingExecutor
    private(set) var configuration: WorkerConfiguration
    let logger: Logger
    let vitals: Vitals
    let metrics = WorkerMetrics()
    private let context: Context
    private var socket: Socket?
    private var link: WorkerLink
    private var outgoing: [[Frame]] = []

    var preparation: Preparation
    /// Entries that wait for the database.
    var works: [Work] = []
    /// Batches that came from a broker that goes by another roster: they are judged when it has been looked at again.
    var unjudged: [OpenDelivery] = []
    /// Numbers of senders as the ledger has told; with another one told later, entries are addressed again.
    var numbers: [String: Int32] = [:]
    /// HELLOs and heads that wait for the database.
    var questions: [Question] = []
    /// Raised when there is something for the database.
    let work = Signal()
    /// Raised when messages wait for the socket.
    private let pressure = Signal()
    /// Raised when the worker is to finish what it has and leave.
    let drain = Signal()
    /// Raised when the database has been reached and the catalogues have been read.
    let isReady = Signal()
    var isStored = false
    /// Whether the database has been lost and not come back yet.
    var isWithoutDatabase = false
    /// What the operator has to mend before the worker can work.
    var hopeless: WorkerError?
    /// The version of what operators say of senders that the worker goes by.
    var rosterVersion: UInt64?
    /// The keys that the broker has been told of, and in which session.
    var announced: (session: UInt64, version: UInt64)?
    /// Whether a broker has welcomed the worker that has not been told of the keys.
    var hasNewBroker = false
    /// The session with the broker, while there is one.
    var brokerSession: UInt64? { link.session }
    /// Times in a row that the database turned a batch down for reasons that pass.
    var setbacks = 0
    private(set) var progress: UInt64 = 0
    /// What was signed of batches that are committed, and is still to be kept.
    var receipts: [ReceiptNote] = []
    /// When it is kept, with the next transaction or without: a second after the first of it was signed.
    var receiptsDue = ContinuousClock.now
    private var limiter = LogLimiter()

    /// A HELLO or PING that a worker has to look up or record.
    struct Question {
        let tag: DeliveryTag
        let header: Header
        /// Digest of the sender's head, where it says one.
        let headDigest: [UInt8]?
        /// What the holder of an enrolment code wants enrolled.
        let enrolment: WireEnrolment?
        private let askedAt = ContinuousClock.now

        var isGreeting: Bool { header.command == .hello }
        var isFresh: Bool { askedAt.duration(to: .now) < .seconds(6) }

        init(tag: DeliveryTag, header: Header, body: [UInt8]) {
            self.tag = tag
            self.header = header
            guard header.command != .enrol else {
                headDigest = nil
                enrolment = try? WireEnrolment(body: body, as: header.contentType)
                return
            }
            enrolment = nil
            let digest =
                header.command == .hello
                ? (try? WireHello(body: body, as: header.contentType))?.headDigest
                : (try? WireBeat(body: body, as: header.contentType))?.headDigest
            headDigest = digest.flatMap { $0.count == 32 ? [UInt8]($0) : nil }
        }
    }

    /// The worker's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// A worker that connects when it runs.
    package init(_ configuration: WorkerConfiguration, vitals: Vitals = Vitals(), logger: Logger) throws {
        self.vitals = vitals
        self.configuration = configuration
        self.configuration.database.plans = .lookups
        self.logger = logger
        executor = try PollingExecutor(name: "hoso-worker")
        context = try Context()
        link = WorkerLink(seed: UInt64.random(in: .min ... .max), at: .now)
        let validator = Validator(
            zone: configuration.zone, catalogue: Catalogue(policy: configuration.policy),
            futureTolerance: configuration.futureTolerance)
        preparation = Preparation(validator: validator, policy: configuration.survey)
    }

    isolated deinit { executor.stop() }

    /// Works until the service is shut down; what has been taken is finished first.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try? await gracefulShutdown()
                await self.beginDrain()
            }
            group.addTask { try await self.store() }
            group.addTask { await self.showLife() }
            try await self.pump()
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
    }

    /// Also while an attempt to connect takes its time.
    private func showLife() async { await vitals.showLife(on: executor) }

    private func beginDrain() {
        vitals.stopping()
        drain.raise()
        work.raise()
    }

    private var capacity: Int { max(4 * configuration.batchEntries, 2 * Limits.batchEntries) }
}

// MARK: - The socket

extension WorkerService {
    private func pump() async throws {
        // Batches are judged by the catalogues, and the receipts need the database: no greeting before both are there.
        while !isReady.isRaised, !drain.isRaised, !Task.isCancelled {
            _ = await executor.wait(for: [.signal(isReady), .signal(drain)])
        }
        if drain.isRaised, socket == nil { return }
        var hasSaidDrain = false
        var leaveBy: Moment?
        while !Task.isCancelled {
            if drain.isRaised, !hasSaidDrain {
                hasSaidDrain = true
                send(Header(.drain))
            }
            if drain.isRaised, isStored {
                // A broker that is not there, or does not read, delivers again what it hears no answer to.
                let moment = leaveBy ?? .now.advanced(by: .seconds(3))
                leaveBy = moment
                if outgoing.isEmpty || link.session == nil || moment <= .now { break }
            }
            vitals.lap("socket", within: .seconds(15))
            show()
            let moment = try nextMoment()
            try await waitForSocket(until: drain.isRaised ? min(moment, .now.advanced(by: .milliseconds(20))) : moment)
            try flush()
            try receiveAll()
        }
        vitals.ended("socket")
        if drain.isRaised { send(Header(.bye)) }
        logger.info("worker stopped", metadata: ["entries": "\(progress)"])
    }

    /// Shows how it fares.
    private func show() {
        metrics.waiting.set(works.count)
        guard isReady.isRaised, !drain.isRaised, !isWithoutDatabase else { return }
        if link.session == nil { vitals.degraded("no broker") } else { vitals.ready() }
    }

    /// Does what the link asks for and returns when to look again.
    private func nextMoment() throws -> Moment {
        while true {
            switch link.next(at: .now) {
            case .open(let session): try open(session)
            case .beat: beat()
            case .wait(let until): return until
            }
        }
    }

    private func open(_ session: UInt64) throws {
        socket = nil
        outgoing = []
        var options = SocketOptions()
        options.lingerMilliseconds = 1_000
        let fresh = try Socket(.dealer, in: context, options: options)
        try fresh.connect(configuration.endpoint, as: configuration.security)
        socket = consume fresh
        // What an earlier session delivered has gone to others or will be delivered again.
        works = []
        unjudged = []
        questions = []
        var header = Header(.hello)
        header.session = session
        header.count = UInt32(capacity)
        send(header)
    }

    private func beat() {
        var beat = WireBeat()
        beat.progress = progress
        var header = Header(.ping, contentType: .protobuf)
        header.session = link.session ?? 0
        send(header, body: (try? beat.encoded(as: .protobuf)) ?? [])
    }

    private func waitForSocket(until moment: Moment) async throws {
        let events: Interest.Events = outgoing.isEmpty ? .readable : [.readable, .writable]
        guard let interest = socket?.interest(events) else { return }
        pressure.lower()
        _ = await executor.wait(for: [interest, .signal(pressure)], until: moment)
    }

    /// Hands over a message, or keeps it until the socket takes it.
    func send(_ header: Header, tag: DeliveryTag? = nil, body: [UInt8] = []) {
        let parcel = Parcel(header, body: body)
        var frames = [Frame(parcel.header.bytes)]
        if let tag { frames.append(Frame(tag.bytes)) }
        frames.append(Frame(body))
        outgoing.append(frames)
        pressure.raise()
        do { try flush() } catch { logger.error("cannot send", metadata: ["reason": "\(error)"]) }
    }

    private func flush() throws {
        var sent = 0
        while sent < outgoing.count {
            guard try socket?.send(outgoing[sent]) == .queued else { break }
            sent += 1
        }
        outgoing.removeFirst(sent)
    }

    private func receiveAll() throws {
        // The broker sends no more than the capacity that it was told. For the beats' sake a worker looks up in between,
        // however slow it is: one that fell silent over its batches would lose them, and get as many again.
        let end = ContinuousClock.now.advanced(by: .milliseconds(100))
        while end > .now {
            guard let frames = try socket?.receive() else { return }
            do throws(ProtocolError) {
                try handle(frames)
            } catch {
                // Nothing is known of it, not even what to give back: on a new connection all is delivered again.
                logger.error("delivery refused", metadata: ["reason": "\(error)"])
                return link.broken(at: .now)
            }
        }
    }

    private func handle(_ frames: [Frame]) throws(ProtocolError) {
        guard let first = frames.first else { throw ProtocolError(.frameCount) }
        let header = try Header(first.bytes)
        link.heard(at: .now)
        if frames.count == 3 {
            let tag = try DeliveryTag(frames[1].bytes)
            return try accept(header, tag, frames[2])
        }
        switch header.command {
        case .welcome:
            link.welcomed(session: header.session, at: .now)
            // The broker is to know the keys at once: senders may be waiting at its door.
            hasNewBroker = true
            work.raise()
            logger.info("joined the broker", metadata: ["endpoint": "\(configuration.endpoint)"])
        case .error, .bye: link.broken(at: .now)
        default: break
        }
    }

    private func accept(_ header: Header, _ tag: DeliveryTag, _ body: Frame) throws(ProtocolError) {
        guard !drain.isRaised else { return send(Header(.drain), tag: tag) }
        switch header.command {
        case .hello, .ping, .enrol:
            // The broker has checked it, so the damage was done between the two.
            try header.verify(body.bytes)
            ask(Question(tag: tag, header: header, body: body.bytes))
        case .batch:
            let delivery = OpenDelivery(tag: tag, header: header, body: body.bytes)
            if tag.roster == rosterVersion { judge(delivery) } else { unjudged.append(delivery) }
        default: throw ProtocolError(.unknownCommand)
        }
        work.raise()
    }

    /// Examines the entries of a batch, which then wait for the database.
    func judge(_ delivery: OpenDelivery) {
        let (tag, header) = (delivery.tag, delivery.header)
        do throws(ProtocolError) {
            let now = Instant(microseconds: WallClock.microseconds)
            works += try preparation.work(for: delivery, sender: numbers[tag.sender] ?? 0, now: now)
            delivery.note = DeliveryNote(
                key: EntryKey(sender: 0, epoch: header.epoch, sequence: header.first), count: Int(header.count),
                attempt: header.attempt, receivedAt: now.microseconds, validatedAt: WallClock.microseconds)
        } catch {
            refuse(delivery, error)
        }
    }

    /// Keeps the newest question of each sender: while the database is away, senders greet again and again.
    private func ask(_ question: Question) {
        let isOlder: (Question) -> Bool = {
            $0.tag.sender == question.tag.sender && $0.isGreeting == question.isGreeting
        }
        // The broker forgets a delivery that comes back for a session that is over.
        for older in questions where isOlder(older) { send(Header(.drain), tag: older.tag) }
        questions.removeAll(where: isOlder)
        questions.append(question)
    }

    /// Tells the sender that its batch does not follow the protocol; it stays in the sender's spool.
    private func refuse(_ delivery: OpenDelivery, _ error: ProtocolError) {
        if let withheld = limiter.pass("batch refused: \(error)", at: .now) {
            logger.error(
                "batch refused",
                metadata: [
                    "sender": "\(delivery.tag.sender)", "reason": "\(error)", "withheld": "\(withheld)",
                ])
        }
        refuse(delivery.header, delivery.tag, WireRefusal(error.code))
    }

    private func refuse(_ asked: Header, _ tag: DeliveryTag, _ refusal: WireRefusal) {
        let header = asked.answered(by: .error)
        send(header, tag: tag, body: (try? refusal.encoded(as: header.contentType)) ?? [])
    }

    /// Sends the receipt of a batch, signed where every entry of it is dealt with for good.
    func answer(_ delivery: OpenDelivery, retryAfter: Duration = .zero) {
        if let sender = numbers[delivery.tag.sender],
            let note = delivery.sign(by: configuration.receiptKey, sender: sender, at: WallClock.microseconds)
        {
            if receipts.isEmpty { receiptsDue = .now.advanced(by: .seconds(1)) }
            receipts.append(note)
        }
        var header = delivery.header.answered(by: .receipt)
        header.first = delivery.header.first
        header.count = delivery.header.count
        progress += UInt64(delivery.header.count)
        metrics.answered(delivery)
        send(header, tag: delivery.tag, body: (try? delivery.receiptBody(retryAfter: retryAfter)) ?? [])
    }

    /// Answers HELLO, or, without a welcome, a head that has been recorded.
    func answer(_ question: Question, _ welcome: WireWelcome?) {
        guard let welcome else { return send(Header(.pong), tag: question.tag) }
        let header = question.header.answered(by: .welcome)
        send(header, tag: question.tag, body: (try? welcome.encoded(as: header.contentType)) ?? [])
    }

    /// Tells the holder of a code what became of it.
    func tell(_ question: Question, _ redemption: Enrolments.Redemption?) {
        guard let redemption else { return refuse(question.header, question.tag, WireRefusal(.notAuthorised)) }
        var enrolled = WireEnrolled()
        enrolled.sender = redemption.sender
        enrolled.number = UInt32(bitPattern: redemption.key)
        let header = question.header.answered(by: .enrolled)
        send(header, tag: question.tag, body: (try? enrolled.encoded(as: header.contentType)) ?? [])
    }

    /// Lets another worker deal with a question; every delivery is answered, or it would take up the credit for ever.
    func giveBack(_ question: Question) { send(Header(.drain), tag: question.tag) }

    /// A question that the database refuses to answer now must not stand in the way of everybody's batches.
    func putOff(_ question: Question, _ error: PostgresError) {
        logger.warning("greeting put off", metadata: ["sender": "\(question.tag.sender)", "reason": "\(error)"])
        guard question.isGreeting || question.enrolment != nil else {
            return send(Header(.pong), tag: question.tag)
        }
        refuse(question.header, question.tag, WireRefusal(.busy, retryAfter: 5_000))
    }
}

extension Header {
    /// A header for the answer in the sender's session and content type.
    fileprivate func answered(by command: Command) -> Header {
        var header = Header(command, contentType: contentType)
        header.epoch = epoch
        header.session = session
        return header
    }
}
