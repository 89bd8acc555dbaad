import Dossiers
import IntakeProtocol
import Postgres
import Store
import TestSupport

/// Made-up entries and a writer for them, on one connection.
struct Ledger {
    let connection: Connection
    private let epoch: UInt64 = 77
    private static let validator: Validator = {
        guard let zone = LocalZone(identifier: "Asia/Ho_Chi_Minh") else { preconditionFailure("no time zone database") }
        return Validator(zone: zone)
    }()

    init(_ connection: Connection) { self.connection = connection }

    /// A migrated database of its own.
    static func perform<Value: Sendable>(_ work: @Sendable (Ledger) async throws -> Value) async throws -> Value {
        try await DatabaseSession(TestCluster.shared.migratedDatabase()).perform { connection async throws in
            let ledger = Ledger(connection)
            try await ledger.prepare()
            return try await work(ledger)
        }
    }

    func prepare() async throws {
        try await acting(as: .ingest) {
            let directory = SenderDirectory(connection)
            let sender = try await directory.register("tester")
            try await directory.announce(sender: sender, epoch: epoch, head: 0)
        }
    }

    /// Does something as a role: with no more rights than the service has whose work it is.
    func acting<Value>(
        as role: DatabaseAddress.Role, _ work: () async throws -> Value
    ) async throws -> Value {
        try await connection.acting(as: role, work)
    }

    func entries(_ numbers: ClosedRange<UInt64>) -> [AcceptedEntry] { numbers.map { entry($0, code: "D\($0)") } }

    func entry(
        _ number: UInt64, code: String, channel: Channel = .online, salt: UInt8 = 0, person: [UInt8]? = nil,
        day: Int32 = 19_100, procedure: String? = nil, sector: String? = nil, unit: String = "H36.26"
    ) -> AcceptedEntry {
        var submission = Submission()
        submission.dossierCode = "any"
        submission.codeGrammar = "opaque"
        submission.receivedAt = Instant(microseconds: Int64(day) * 86_400_000_000 + 3_600_000_000).rfc3339()
        submission.unit = unit
        submission.channel = channel.code
        var validator = Self.validator
        guard case .accepted(var dossier) = validator.validate(submission, now: Instant(microseconds: .max / 2)) else {
            preconditionFailure("the made-up dossier is not valid")
        }
        // Also codes that no validator lets through.
        dossier.code = code
        dossier.procedure = procedure
        dossier.sector = sector
        var canonical: [UInt8] = []
        dossier.appendCanonicalBytes(to: &canonical)
        return AcceptedEntry(
            key: EntryKey(sender: 1, epoch: epoch, sequence: number), digest: digest(number, salt),
            content: Chain.digest(of: canonical), dossier: dossier, isSurveyed: true,
            notBefore: Instant(microseconds: 0), person: person, personal: nil)
    }

    /// An entry in which every field says something, and no two of one type the same.
    func completeEntry(_ number: UInt64, code: String) -> AcceptedEntry {
        let values: [Field: String] = [
            .dossierCode: code, .codeGrammar: "opaque", .receivedAt: "2022-03-01T09:00:00+07:00",
            .dueAt: "2022-03-05T16:30:00+07:00", .finishedAt: "2022-03-06T16:00:00+07:00",
            .returnedAt: "2022-03-07T10:00:00+07:00", .unit: "H36.26", .procedure: "1.001193.000.00.00.H36",
            .sector: "Hộ tịch", .channel: "postal", .returnChannel: "in_person", .deskOperator: "post_office",
            .onlineLevel: "partial", .applicantKind: "citizen", .applicantID: "068045060533",
            .applicantName: "Ka Ví Tám", .applicantPhone: "0998703870", .status: "9",
        ]
        var submission = Submission()
        for (field, value) in values { submission[field] = value }
        var validator = Self.validator
        validator.catalogue = Catalogue(units: ["H36.26"])
        guard case .accepted(let dossier) = validator.validate(submission, now: Instant(microseconds: .max / 2)) else {
            preconditionFailure("the made-up dossier is not valid")
        }
        return AcceptedEntry(
            key: EntryKey(sender: 1, epoch: epoch, sequence: number), acceptedAt: 1_646_100_000_000_000,
            digest: digest(number, 0), content: digest(number, 1), dossier: dossier, isSurveyed: true,
            notBefore: Instant(microseconds: 1_646_200_000_000_000), person: nil, personal: [1, 2, 255])
    }

    func refused(
        _ number: UInt64, salt: UInt8, outcome: StoredOutcome, correcting target: UInt64? = nil, dossier: String? = nil
    ) -> QuarantinedEntry {
        QuarantinedEntry(
            key: EntryKey(sender: 1, epoch: epoch, sequence: number), kind: target == nil ? .intake : .correction,
            revision: target.map { Revision(epoch: epoch, sequence: $0) }, digest: digest(number, salt).bytes,
            contentType: 2,
            outcome: outcome, body: [0, 1, 255], dossier: dossier,
            reasons: #"[{"code": "channel_unknown", "field": "channel"}]"#)
    }

    private func digest(_ number: UInt64, _ salt: UInt8) -> Digest {
        Chain.digest(of: Array("\(number) \(salt)".utf8))
    }

    func write(_ entries: [AcceptedEntry], quietDays: Int = 0) async throws -> [Resolution] {
        var writer = BatchWriter(connection, quietDays: quietDays)
        var batch = BatchWriter.Batch()
        batch.accepted = entries
        return try await acting(as: .ingest) { try await writer.write(batch).accepted }
    }

    /// As a worker does: what is undecided, or has to be run again, is asked again.
    func writeUntilDecided(_ entries: [AcceptedEntry]) async throws -> [Resolution] {
        for _ in 0..<20 {
            do {
                let resolutions = try await write(entries)
                if !resolutions.contains(.undecided) { return resolutions }
            } catch let error as PostgresError where error.isRetriable && !error.isConnectionLost {
                continue
            }
        }
        return []
    }

    func quarantine(_ entry: QuarantinedEntry) async throws -> [Resolution] {
        var writer = BatchWriter(connection, quietDays: 0)
        var batch = BatchWriter.Batch()
        batch.quarantined = [entry]
        return try await acting(as: .ingest) { try await writer.write(batch).quarantined }
    }

    func revise(_ entries: [AcceptedEntry]) async throws -> [Resolution] {
        var writer = BatchWriter(connection, quietDays: 0)
        var batch = BatchWriter.Batch()
        batch.revised = entries
        return try await acting(as: .ingest) { try await writer.write(batch).revised }
    }

    func keep(_ manifest: ManifestEntry) async throws -> [Resolution] {
        var writer = BatchWriter(connection, quietDays: 0)
        var batch = BatchWriter.Batch()
        batch.manifests = [manifest]
        return try await acting(as: .ingest) { try await writer.write(batch).manifests }
    }

    func manifest(
        _ number: UInt64, _ numbers: ClosedRange<UInt64>, _ cells: [TallyCell: UInt64], salt: UInt8 = 0
    ) -> ManifestEntry {
        ManifestEntry(
            key: EntryKey(sender: 1, epoch: epoch, sequence: number), digest: digest(number, 0).bytes,
            day: Day(number: 19_100), numbers: numbers, lastDigest: digest(numbers.upperBound, salt).bytes, cells: cells
        )
    }

    /// A correction of an entry, or with a part its replay.
    func revision(
        _ number: UInt64, of target: UInt64, code: String, channel: Channel = .online, part: Int16 = 0,
        salt: UInt8 = 0
    ) -> AcceptedEntry {
        let entry = entry(number, code: code, channel: channel, salt: salt)
        return AcceptedEntry(
            key: entry.key, kind: part > 0 && number == target ? .intake : .correction,
            revision: Revision(epoch: epoch, sequence: target, part: part), digest: entry.digest,
            content: entry.content, dossier: entry.dossier, isSurveyed: true, notBefore: entry.notBefore, person: nil,
            personal: [UInt8(truncatingIfNeeded: number)])
    }

    /// Sums of the ledger per channel.
    func channels() async throws -> [Int16: Int64] {
        let result = try await connection.run(
            "SELECT channel, sum(delta)::bigint FROM hoso.intake WHERE delta <> 0 GROUP BY 1 HAVING sum(delta) <> 0",
            as: "sum")
        return (0..<result.count).reduce(into: [:]) { $0[result.int16($1, 0)] = result.int64($1, 1) }
    }

    func count(_ table: String) async throws -> Int {
        Int(try await connection.run("SELECT count(*) FROM hoso.\(table)", as: "count").int64(0, 0))
    }
}

extension Connection {
    /// Does something as a role: with no more rights than the service has whose work it is.
    func acting<Value>(
        as role: DatabaseAddress.Role, _ work: () async throws -> Value
    ) async throws -> Value {
        _ = try await run("SET ROLE \(role.rawValue)", as: "take a role")
        do {
            let value = try await work()
            _ = try await run("RESET ROLE", as: "give a role back")
            return value
        } catch {
            _ = try? await run("RESET ROLE", as: "give a role back")
            throw error
        }
    }
}
