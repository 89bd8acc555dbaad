import Dossiers
import FailPoints
import Foundation
import IntakeProtocol
package import Logging
import Machines
import CoreMetrics
package import Observability
import Polling
import ServiceLifecycle
package import Spool
import SwiftProtobuf
import WireMessages
import ZeroMQ

/// Sends what is in a spool and records the receipts: a DEALER socket around a ``SenderMachine``, on one thread.
package actor Courier: Service {
    private let executor: PollingExecutor
    let spool: SpoolDatabase
    private let routes: [IntakeRoute]
    private let software: String
    let evidence: AgentEvidence
    let logger: Logger
    private let vitals: Vitals
    let metrics = AgentMetrics()
    private var nextShow = ContinuousClock.now
    let observer: (@Sendable ([SpoolReceipt]) -> Void)?
    private let context: Context
    /// Before the socket, which it must not outlive: properties are destroyed in this order.
    private var handshakes: Handshakes?
    var socket: Socket?
    var machine: SenderMachine
    var session: UInt64 = 0
    var openings = 0
    private var outgoing: [[Frame]] = []
    var receipts: [SpoolReceipt] = []
    var proofs: [SpoolProof] = []
    /// The batches of this session without receipt, by their first numbers; no more than the machine lets be on their way.
    var sent: [UInt64: SentBatch] = [:]
    /// What the centre understands, see `Welcome.minor`.
    var minor: UInt32 = 0
    private var nextForgetting = ContinuousClock.now
    var limiter = LogLimiter()
    var head: UInt64 = 0
    private var headDigest: [UInt8] = []
    /// How often batches have been sent, by their first numbers; those that have their receipts are forgotten with a beat.
    private var attempts: [UInt64: UInt8] = [:]
    private let pipe: WakeUpPipe?
    private let stop = Signal()
    var hasReportedSilence = false
    var hasReportedDisk = false
    private var hasReportedDenial = false
    /// Handshakes in a row that failed for another key than the one that was expected.
    private var mismatches = 0

    /// Why the spool must not be sent.
    package var regression: SpoolRegression?

    /// The courier's thread.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// A courier for a spool.
    /// - Parameters:
    ///   - routes: ways to brokers, of which one is used at a time.
    ///   - evidence: what is signed and what is checked.
    ///   - observer: is told on the courier's thread which receipts have just been recorded; it must not block.
    package init(
        _ spool: SpoolDatabase, routes: [IntakeRoute], evidence: AgentEvidence = AgentEvidence(), software: String,
        vitals: Vitals = Vitals(), logger: Logger,
        observer: (@Sendable ([SpoolReceipt]) -> Void)? = nil
    ) throws {
        self.vitals = vitals
        self.spool = spool
        self.routes = routes
        self.software = software
        self.evidence = evidence
        self.logger = logger
        self.observer = observer
        executor = try PollingExecutor(name: "hoso-courier")
        context = try Context()
        pipe = WakeUpPipe(path: spool.wakeUpPath)
        machine = SenderMachine(
            mostEntries: Limits.batchEntries, mostBytes: Limits.batchBytes - 32 - BatchSignature.size,
            mostBatches: Limits.outstandingBatches, seed: UInt64.random(in: .min ... .max), at: .now)
    }

    isolated deinit { executor.stop() }

    /// Whether the centre has welcomed this sender and has not fallen silent.
    package var isWelcome: Bool { machine.isWelcome }

    /// Batches that are on their way.
    package var batchesOnTheWay: Int { machine.batchesOnTheWay }

    /// Entries in those batches.
    package var entriesOnTheWay: Int { machine.entriesOnTheWay }

    /// Sends until the service is shut down or the task is cancelled.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try? await gracefulShutdown()
                await self.beginStop()
            }
            defer { group.cancelAll() }
            try await self.carry()
        }
    }

    private func beginStop() {
        vitals.stopping()
        stop.raise()
    }

    private func carry() async throws {
        defer { vitals.ended("courier") }
        while !stop.isRaised, !Task.isCancelled {
            show()
            let moment = try nextMoment()
            // Whoever appends to the spool wakes the courier; should that fail, a look five times per second finds it.
            try await waitForSocket(until: min(moment, .now.advanced(by: .milliseconds(200))))
            followHandshakes()
            try flush()
            try receiveAll()
            try lookForEntries()
            if let regression { throw regression }
        }
        send(header(.bye))
        _ = try? flush()
    }

    /// Shows how it fares, twice per second at most.
    private func show() {
        guard nextShow <= .now else { return }
        nextShow = .now.advanced(by: .milliseconds(500))
        vitals.lap("courier", within: .seconds(60))
        if machine.isWelcome { vitals.ready() } else { vitals.degraded("no answer from the centre") }
        metrics.show(spool, isWelcome: machine.isWelcome)
    }

    private func lookForEntries() throws {
        let current = try spool.chainHead()
        guard current.number != head else { return }
        (head, headDigest) = current
        machine.spoolGrew()
    }

    /// Does what the machine asks for and returns when to look again.
    private func nextMoment() throws -> Moment {
        while true {
            switch machine.next(at: .now) {
            case .open(let session): try open(session)
            case .beat: try beat()
            case .send(let after, let entries, let bytes):
                try sendRun(after: after, entries: entries, bytes: bytes)
                // Receipts must not wait behind a long backlog, nor behind entries that come one by one.
                return outgoing.isEmpty ? .now : .now.advanced(by: .milliseconds(200))
            case .wait(let until): return until
            }
        }
    }
}

// MARK: - Sending

extension Courier {
    private func open(_ session: UInt64) throws {
        if openings == 1, !hasReportedSilence {
            hasReportedSilence = true
            logger.warning("no answer from the centre, trying on", metadata: ["endpoints": "\(routes.map(\.endpoint))"])
        }
        self.session = session
        handshakes = nil
        socket = nil
        outgoing = []
        sent = [:]
        mismatches = 0
        let route = routes[openings % routes.count]
        openings += 1
        var options = SocketOptions()
        options.longestReconnectMilliseconds = 2_000
        let fresh = try Socket(.dealer, in: context, options: options)
        handshakes = try Handshakes(of: fresh, in: context)
        try fresh.connect(route.endpoint, as: route.security)
        socket = consume fresh
        (head, headDigest) = try spool.chainHead()
        var hello = WireHello()
        hello.headDigest = Data(head > 0 ? headDigest : [])
        hello.sender = spool.sender
        hello.software = software
        var greeting = header(.hello, type: .protobuf)
        greeting.first = try spool.firstWaiting()
        send(greeting, body: (try? hello.encoded(as: .protobuf)) ?? [])
    }

    private func header(_ command: Command, type: ContentType = .none) -> Header {
        var header = Header(command, contentType: type)
        header.epoch = spool.epoch
        header.session = session
        header.head = head
        return header
    }

    private func beat() throws {
        var beat = WireBeat()
        beat.headDigest = Data(head > 0 ? headDigest : [])
        var header = header(.ping, type: .protobuf)
        header.first = try spool.firstWaiting()
        attempts = attempts.filter { $0.key >= header.first }
        send(header, body: (try? beat.encoded(as: .protobuf)) ?? [])
        forgetOldProofs()
    }

    /// Once per hour, and while there is much to forget with each beat.
    private func forgetOldProofs() {
        guard nextForgetting <= .now else { return }
        let oldest = WallClock.microseconds - Int64(evidence.keptDays) * 86_400_000_000
        // The disk may be full or busy; there is always another hour.
        let isMore = (try? spool.forgetProofs(before: oldest)) ?? false
        if !isMore { nextForgetting = .now.advanced(by: .seconds(3_600)) }
    }

    private func sendRun(after number: UInt64, entries: Int, bytes: Int) throws {
        guard var run = try spool.nextRun(after: number, limit: entries, bytes: bytes) else {
            return machine.foundNothing()
        }
        var header = header(.batch, type: ContentType(rawValue: run.contentType) ?? .protobuf)
        header.first = run.first
        header.count = UInt32(run.count)
        let attempt = min((attempts[run.first] ?? 0) + 1, UInt8.max - 1)
        attempts[run.first] = attempt
        header.attempt = attempt
        let batch = SentBatch(run, isFound: evidence.keptDays > 0)
        if minor >= 1, let key = evidence.signingKey, let previous = Digest(run.previous), let last = batch.digests.last
        {
            let statement = BatchSignature.statement(
                sender: spool.sender, header: header, previous: previous, last: last)
            do throws(ProtocolError) {
                run.append(signature: try key.signature(of: statement))
            } catch {
                // The centre refuses it, and says so.
                logger.error("cannot sign", metadata: ["reason": "\(error)"])
            }
        }
        sent[run.first] = batch
        send(header, body: run.body)
        machine.sent(first: run.first, count: run.count, bytes: run.body.count, at: .now)
    }

    private func send(_ header: Header, body: [UInt8] = []) {
        outgoing.append(Parcel(header, body: body).frames.map { Frame($0) })
        do { try flush() } catch { machine.broken(at: .now) }
    }

    private func flush() throws {
        var sent = 0
        while sent < outgoing.count {
            guard try socket?.send(outgoing[sent]) == .queued else { break }
            sent += 1
        }
        outgoing.removeFirst(sent)
    }

    private func waitForSocket(until moment: Moment) async throws {
        let events: Interest.Events = outgoing.isEmpty ? .readable : [.readable, .writable]
        var interests: [Interest] = [.signal(stop)]
        if let interest = socket?.interest(events) { interests.append(interest) }
        if let interest = handshakes?.interest { interests.append(interest) }
        if let pipe { interests.append(pipe.interest) }
        let readiness = await executor.wait(for: interests, until: moment)
        if let pipe, readiness[interests.count - 1] { pipe.drain() }
    }

    /// Looks whether the centre has let us in: libzmq never tries again after a denial, and for ever after a wrong key.
    private func followHandshakes() {
        while let outcome = handshakes?.next() {
            switch outcome {
            case .admitted:
                if hasReportedDenial { logger.info("the centre knows this sender's key now") }
                hasReportedDenial = false
                mismatches = 0
            case .denied:
                if !hasReportedDenial {
                    logger.error(
                        "the centre does not know this sender's key, or no longer; asking again and again",
                        metadata: ["sender": "\(spool.sender)"])
                }
                hasReportedDenial = true
                // The list may be corrected any moment.
                machine.broken(at: .now, retryAfter: .milliseconds(Int64.random(in: 4_000...8_000)))
            case .mismatched:
                mismatches += 1
                guard mismatches == Self.mostMismatches else { continue }
                logger.error(
                    "no handshake: the centre has another key than those in intake.centre_keys, or does not answer")
                machine.broken(at: .now, retryAfter: .seconds(1))
            }
        }
    }

    private static let mostMismatches = 3
}
