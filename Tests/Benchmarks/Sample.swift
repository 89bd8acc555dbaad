import Demonstration
import Dossiers
import IntakeProtocol
import PersonalData
import Store
import WireMessages
import Worker

/// What the benchmarks work on: the same made-up dossiers each time.
enum Sample {
    /// Dossiers of a batch.
    static let batchSize = 256
    /// Dossiers of a round, where it is not a matter of batches.
    static let size = 2 * batchSize
    /// The epoch of the sender.
    static let epoch: UInt64 = 20_220_301
    /// The moment at which everything is looked at, and at which its sender took it: later than all dates of the dossiers.
    static let now = Instant(microseconds: 1_767_225_600_000_000)

    /// The dossiers as their sender has them.
    static func submissions(_ count: Int = size) -> [Submission] { Array(SampleSubmissions(count: count)) }

    /// The dossiers as entries.
    static func entries(_ count: Int = size, as type: ContentType = .protobuf) throws -> [[UInt8]] {
        try submissions(count).map { submission in
            var entry = WireEntry(intake: submission)
            entry.acceptedAt = now.microseconds
            return try entry.encoded(as: type)
        }
    }

    /// A worker's validator, to which every unit and procedure is known.
    static func validator() throws -> Validator {
        guard let zone = LocalZone(identifier: "Asia/Ho_Chi_Minh") else {
            throw BenchmarkFailure("the time zone database is not installed")
        }
        let procedures = LamHa.procedures.map { procedure in
            let level = OnlineLevel(code: procedure.onlineLevel)
            return (procedure.code, Catalogue.Procedure(sector: procedure.sector, onlineLevel: level))
        }
        let catalogue = Catalogue(
            policy: .closed, units: Set(LamHa.units.map(\.code)),
            procedures: Dictionary(procedures) { first, _ in first })
        return Validator(zone: zone, catalogue: catalogue)
    }

    /// What a worker makes of batches.
    static func reader() throws -> BatchReader {
        BatchReader(validator: try validator(), policy: SurveyPolicy(samplingRate: 0.1), protection: .forNothing)
    }

    /// The dossiers as they are stored.
    static func accepted() throws -> [AcceptedEntry] {
        var reader = try reader()
        let entries = try SampleBatch.all().flatMap { batch in
            try reader.newEntries(header: batch.header, body: batch.bytes, sender: 1, now: now)
        }
        guard entries.count == size else { throw BenchmarkFailure("a made-up dossier is not valid") }
        return entries
    }
}
