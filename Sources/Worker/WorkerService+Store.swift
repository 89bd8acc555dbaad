import CoreMetrics
import Dossiers
import FailPoints
import Foundation
import IntakeProtocol
import Logging
import Machines
import Observability
import PersonalData
import Polling
import Postgres
import Store
import WireMessages

// MARK: - The database

extension WorkerService {
    /// Stores what gathers until the worker drains and nothing is left.
    func store() async throws {
        // Whatever ends it, the socket's task is to leave too; what was taken stays with the senders.
        defer {
            vitals.ended("database")
            sendBack()
            isStored = true
            drain.raise()
        }
        var pause = Self.firstPause
        while !Task.isCancelled {
            vitals.lap("database", within: .seconds(60))
            do throws(PostgresError) {
                let connection = try await configuration.database.open(on: executor)
                let ledger = Ledger(connection, survey: configuration.survey, vault: configuration.vault)
                try await check(connection, ledger)
                pause = Self.firstPause
                try await serve(ledger)
                return
            } catch {
                try stopIfHopeless(error)
                metrics.database.failed(error)
                if drain.isRaised { return }
                isWithoutDatabase = true
                vitals.degraded("database unavailable")
                logger.warning("database unavailable", metadata: ["reason": "\(error)"])
                sendBack()
                _ = await executor.wait(for: [.signal(drain)], until: .now.advanced(by: pause))
                pause = min(pause * 2, Self.longestPause)
            }
        }
    }

    /// Signatures that wait to be kept.
    private static let mostReceipts = 1_000
    private static let firstPause: Duration = .milliseconds(100)
    private static let longestPause: Duration = .seconds(5)

    /// A statement of our own that the database refuses will be refused tomorrow too; nothing was acknowledged.
    private func stopIfHopeless(_ error: PostgresError) throws {
        if let hopeless { throw hopeless }
        guard case .refused(let state) = error.code, state.remedy == .stop else { return }
        throw WorkerError(code: .statementRefused(error.description))
    }

    private func check(_ connection: Connection, _ ledger: Ledger) async throws(PostgresError) {
        switch try await Migrator(connection).state() {
        case .current: hopeless = nil
        case .behind: hopeless = WorkerError(code: .databaseBehind)
        case .ahead: hopeless = WorkerError(code: .databaseAhead)
        }
        if hopeless != nil { throw PostgresError(code: .cancelled, operation: "check the schema") }
        let vault = configuration.vault
        let sealed = try await ledger.secrets.sealed { Protection.sealedSecret(by: vault) }
        do throws(VaultError) {
            preparation.use(try Protection(configuration.vault, sealedSecret: sealed))
        } catch {
            hopeless = WorkerError(code: .keysDoNotFit(error))
            throw PostgresError(code: .cancelled, operation: "open the secret of the hashes")
        }
        metrics.database.connected()
        isWithoutDatabase = false
        logger.info("database ready")
    }

    /// Serves one connection until it breaks or the worker has drained.
    private func serve(_ ledger: Ledger) async throws(PostgresError) {
        var ledger = ledger
        var nextCatalogue = ContinuousClock.now
        var nextRoster = ContinuousClock.now
        while !Task.isCancelled {
            vitals.lap("database", within: .seconds(60))
            if nextRoster <= .now || hasNewBroker || !unjudged.isEmpty {
                hasNewBroker = false
                // What has come until now; what comes meanwhile may be of a later roster.
                let (session, known) = (brokerSession, unjudged.count)
                try await followRoster(ledger)
                nextRoster = .now.advanced(by: .seconds(1))
                if session == brokerSession { judgeUnjudged(known) }
            }
            if nextCatalogue <= .now {
                preparation.use(try await ledger.catalogue(configuration.policy))
                isReady.raise()
                nextCatalogue = .now.advanced(by: .seconds(30))
            }
            if works.isEmpty, questions.isEmpty, unjudged.isEmpty {
                if !receipts.isEmpty, drain.isRaised || receiptsDue <= .now {
                    try await ledger.keep(receipts)
                    receipts = []
                    continue
                }
                if drain.isRaised { return }
                work.lower()
                let next = min(nextCatalogue, nextRoster)
                _ = await executor.wait(for: [.signal(work)], until: receipts.isEmpty ? next : min(next, receiptsDue))
                continue
            }
            // In turn, so that neither holds up the other.
            if !questions.isEmpty { try await answerQuestion(&ledger) }
            if !works.isEmpty { try await storeBatch(&ledger) }
        }
    }

    /// Judges the first of the batches that waited for the roster.
    private func judgeUnjudged(_ count: Int) {
        let ready = unjudged.prefix(count)
        unjudged.removeFirst(ready.count)
        for delivery in ready { judge(delivery) }
    }

    /// Follows what operators say of senders, and tells the broker which keys count: it has no database, and a key that was
    /// revoked is to count no longer within seconds.
    private func followRoster(_ ledger: Ledger) async throws(PostgresError) {
        let version = try await ledger.keys.version()
        let session = brokerSession
        let isTold = session == nil || announced?.session == session && announced?.version == version
        guard rosterVersion != version || !isTold else { return }
        let roster = try await ledger.keys.roster()
        let codes = try await ledger.enrolments.open()
        if rosterVersion != version {
            preparation.use(try await ledger.grants.all())
            preparation.use(Signatories(roster.keys))
            rosterVersion = version
            logger.info("keys of senders", metadata: ["version": "\(version)", "keys": "\(roster.keys.count)"])
        }
        // What it does not know of our signing keys it cannot change either: they stay here.
        guard let session, session == brokerSession else { return }
        announced = (session, roster.version)
        var message = WireRoster()
        message.version = roster.version
        message.members = roster.keys.map { WireRoster.Member($0) } + codes.map { WireRoster.Member($0) }
        send(Header(.roster, contentType: .protobuf), body: (try? message.encoded(as: .protobuf)) ?? [])
    }

    private func answerQuestion(_ ledger: inout Ledger) async throws(PostgresError) {
        let question = questions.removeFirst()
        // A worker that was stopped for a while may find one here whose sender has greeted anew and gone on since.
        guard question.isFresh else { return giveBack(question) }
        let found: SenderDirectory.Progress?
        if question.header.command == .enrol { return try await redeem(question, ledger.enrolments) }
        do throws(PostgresError) {
            found = try await ledger.greet(
                sender: question.tag.sender, question.header, digest: question.headDigest)
        } catch {
            if case .refused(let state) = error.code, state.remedy != .stop { return putOff(question, error) }
            questions.insert(question, at: 0)
            throw error
        }
        guard let progress = found else { return answer(question, nil) }
        var welcome = WireWelcome()
        welcome.minor = 1
        welcome.contiguous = progress.contiguous
        welcome.highest = progress.highest
        welcome.holes = progress.holes.map { hole in
            var range = WireSequenceRange()
            range.first = hole.lowerBound
            range.last = hole.upperBound
            return range
        }
        answer(question, welcome)
    }

    private func redeem(_ question: Question, _ enrolments: Enrolments) async throws(PostgresError) {
        do throws(PostgresError) {
            guard case .code(let number) = UserID(question.tag.sender), let wanted = question.enrolment,
                wanted.key.count == 32, wanted.signingKey.isEmpty || wanted.signingKey.count == 32
            else { return tell(question, nil) }
            let code = Int32(bitPattern: number)
            let key = [UInt8](wanted.key), signing = wanted.signingKey.isEmpty ? nil : [UInt8](wanted.signingKey)
            // The broker is not trusted with which key it is.
            guard let proof = try await enrolments.signingKey(of: code).flatMap({ VerificationKey($0) }),
                proof.verifies(
                    [UInt8](wanted.signature), of: EnrolmentSignature.statement(key: key, signingKey: signing))
            else { return tell(question, nil) }
            let redemption = try await enrolments.redeem(code, curve: key, signing: signing)
            if let redemption {
                logger.info("key enrolled by a code", metadata: ["sender": "\(redemption.sender)", "code": "\(code)"])
            }
            tell(question, redemption)
        } catch {
            if case .refused(let state) = error.code, state.remedy != .stop { return putOff(question, error) }
            questions.insert(question, at: 0)
            throw error
        }
    }

    private func storeBatch(_ ledger: inout Ledger) async throws(PostgresError) {
        var batch = Selection.take(from: &works, limit: configuration.batchEntries)
        let later: [Work]
        let (start, count) = (ContinuousClock.now, batch.count)
        do throws(PostgresError) {
            // Not with every transaction, for one more table in it is one more wait for the server.
            let isDue = receiptsDue <= .now || receipts.count >= Self.mostReceipts
            var kept = isDue ? receipts : []
            later = try await ledger.write(&batch, keeping: &kept)
            if isDue { receipts = kept }
            if numbers.count != ledger.senders.count { numbers = ledger.senders }
        } catch {
            // Not stored as far as we know: back in front, to be answered as unavailable or tried again.
            works.insert(contentsOf: batch.filter { !$0.delivery.isResolved }, at: 0)
            answerResolved(batch)
            return try await bear(error)
        }
        metrics.commitSeconds.record(since: start)
        metrics.transactionEntries.record(count)
        FailPoint.afterCommit.pass()
        setbacks = 0
        works.insert(contentsOf: later, at: 0)
        answerResolved(batch)
    }

    /// A lock, a deadlock or an outdated snapshot says nothing about the connection: the batch is tried again.
    private func bear(_ error: PostgresError) async throws(PostgresError) {
        guard error.isRetriable, !error.isConnectionLost, setbacks < 5 else {
            setbacks = 0
            throw error
        }
        setbacks += 1
        metrics.database.failed(error)
        logger.info("batch tried again", metadata: ["reason": "\(error)"])
        let pause = Duration.milliseconds(Int.random(in: 10...(40 * setbacks)))
        _ = await executor.wait(for: [], until: .now.advanced(by: pause))
    }

    private func answerResolved(_ batch: [Work]) {
        // What had to be asked again may stand between the entries of another delivery.
        var answered: Set<UInt64> = []
        var last: OpenDelivery?
        for index in batch.indices where batch[index].delivery !== last {
            let delivery = batch[index].delivery
            last = delivery
            if delivery.isResolved, answered.insert(delivery.tag.delivery).inserted { answer(delivery) }
        }
    }

    /// Tells senders to keep what cannot be stored now.
    private func sendBack() {
        // Nothing is known of what their senders may do: others may know.
        for delivery in unjudged { send(Header(.drain), tag: delivery.tag) }
        unjudged = []
        var answered: Set<UInt64> = []
        for work in works where answered.insert(work.delivery.tag.delivery).inserted {
            work.delivery.resolveRest(.storeUnavailable)
            answer(work.delivery, retryAfter: .seconds(1))
        }
        works = []
    }
}

extension WireRoster.Member {
    fileprivate init(_ key: SenderKeys.Key) {
        self.init()
        number = UInt32(bitPattern: key.number)
        name = key.sender
        self.key = Data(key.curve)
        validFrom = key.validFrom
        validTo = key.validTo ?? .max
    }
}

extension WireRoster.Member {
    fileprivate init(_ code: Enrolments.Code) {
        self.init()
        number = UInt32(bitPattern: code.number)
        name = code.sender
        key = Data(code.curve)
        validTo = code.validTo
        isCode = true
    }
}

/// Which entries go into one transaction.
enum Selection {
    /// Takes the first entries.
    static func take(from works: inout [Work], limit: Int) -> [Work] {
        let count = count(in: works, limit: limit)
        var taken: [Work] = []
        if count == works.count {
            // All of them: nothing is copied.
            swap(&taken, &works)
        } else {
            taken = Array(works[..<count])
            works.removeFirst(count)
        }
        return taken
    }

    /// How many of the first entries go together: at most `limit` unless one batch alone is larger, and whole batches
    /// as far as possible, so that their receipts leave together.
    static func count(in works: [Work], limit: Int) -> Int {
        guard works.count > limit else { return works.count }
        var end = limit
        while end > 1, works[end].delivery === works[end - 1].delivery { end -= 1 }
        return end > 1 ? end : limit
    }
}
