import Dossiers
import Foundation
import IntakeProtocol
import Spool

extension InstructionBenchmark {
    /// What an agent does with its spool.
    static var spool: [InstructionBenchmark] { [appending, reading, receipts] }

    /// Dossiers of a transaction of ``appending``.
    private static let transaction = 500

    /// So many rounds that SQLite moves its log into the file several times.
    private static let appending = InstructionBenchmark(
        name: "spool: append", dossiers: transaction, rounds: 24
    ) { folder in
        let spool = try SpoolDatabase(path: folder + "/append.sqlite", sender: "benchmark")
        let drafts = try drafts(transaction)
        return { _ in try spool.append(drafts)?.count ?? 0 }
    }

    private static let reading = InstructionBenchmark(
        name: "spool: read a run", dossiers: Sample.batchSize, rounds: 8
    ) { folder in
        let spool = try filled(folder + "/read.sqlite", batches: 9)
        return { number in
            let run = try spool.nextRun(
                after: UInt64(number * Sample.batchSize), limit: Sample.batchSize, bytes: Limits.batchBytes)
            guard let run, run.count == Sample.batchSize else { throw BenchmarkFailure("a run is too short") }
            return run.count
        }
    }

    private static let receipts = InstructionBenchmark(
        name: "spool: record receipts", dossiers: Sample.batchSize, rounds: 16
    ) { folder in
        let spool = try filled(folder + "/receipts.sqlite", batches: 17)
        return { number in
            let first = UInt64(number * Sample.batchSize + 1)
            let numbers = first...(first + UInt64(Sample.batchSize) - 1)
            try spool.apply([SpoolReceipt(numbers: numbers, outcome: .stored)])
            return numbers.count
        }
    }

    private static func filled(_ path: String, batches: Int) throws -> SpoolDatabase {
        let spool = try SpoolDatabase(path: path, sender: "benchmark")
        let drafts = try drafts(Sample.batchSize)
        for _ in 0..<batches { try spool.append(drafts) }
        return spool
    }

    private static func drafts(_ count: Int) throws -> [SpoolDraft] {
        try zip(Sample.submissions(count), Sample.entries(count)).map { submission, body in
            SpoolDraft(body: body, contentType: ContentType.protobuf.rawValue, cell: TallyCell(submission))
        }
    }
}
