import IntakeProtocol
import Worker

extension InstructionBenchmark {
    /// What is done with a batch as a whole.
    static var batch: [InstructionBenchmark] { [writing, checksum, reading, preparation] }

    private static let writing = InstructionBenchmark(name: "batch: write the body", dossiers: Sample.size) { _ in
        let bodies = try SampleBatch.all().map(\.body)
        return { _ in
            var length = 0
            for body in bodies { length += body.bytes.count }
            return length
        }
    }

    private static let checksum = InstructionBenchmark(name: "batch: checksum", dossiers: Sample.size) { _ in
        let bodies = try SampleBatch.all().map(\.bytes)
        return { _ in
            var sum = 0
            for body in bodies { sum += Int(Checksum.crc32(body)) }
            return sum
        }
    }

    private static let reading = InstructionBenchmark(name: "batch: read the body", dossiers: Sample.size) { _ in
        let bodies = try SampleBatch.all().map(\.bytes)
        return { _ in
            var items = 0
            for body in bodies { items += try BatchBody(body, count: Sample.batchSize).items.count }
            return items
        }
    }

    private static let preparation = InstructionBenchmark(
        name: "batch: all of a worker's preparation", dossiers: Sample.size
    ) { _ in
        let batches = try SampleBatch.all()
        var reader = try Sample.reader()
        return { _ in
            var entries = 0
            for batch in batches {
                entries += try reader.newEntries(
                    header: batch.header, body: batch.bytes, sender: 1, now: Sample.now
                ).count
            }
            guard entries == Sample.size else { throw BenchmarkFailure("not every entry of the batches is new") }
            return entries
        }
    }
}
