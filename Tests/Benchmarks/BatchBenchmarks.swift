import Dossiers
import IntakeProtocol
import Worker

extension InstructionBenchmark {
    /// What is done with a batch as a whole.
    static var batch: [InstructionBenchmark] { [writing, checksum, reading, preparation, tree, signatures] }

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

    private static let tree = InstructionBenchmark(name: "batch: tree of a receipt", dossiers: Sample.size) { _ in
        let batches = try SampleBatch.all().map { ($0.header.first, $0.body.items.map(\.digest)) }
        let outcomes = [UInt8](repeating: 1, count: Sample.batchSize)
        return { _ in
            var sum = 0
            for (first, digests) in batches {
                sum += Int(MerkleTree.root(first: first, outcomes: outcomes, digests: digests).bytes[0])
            }
            return sum + 1
        }
    }

    /// Both sides of both signatures of a batch.
    private static let signatures = InstructionBenchmark(
        name: "batch: sign and verify twice", dossiers: Sample.size
    ) { _ in
        guard let key = SigningKey([UInt8](0..<32)) else { throw BenchmarkFailure("no key") }
        let (publicKey, batches) = (key.publicKey, try SampleBatch.all())
        return { _ in
            var verified = 0
            for batch in batches {
                let statement = BatchSignature.statement(
                    sender: "benchmark", header: batch.header, previous: batch.body.previous,
                    last: batch.body.items.last?.digest ?? .zero)
                let head = ReceiptHead(
                    key: publicKey.id, sender: "benchmark", epoch: Sample.epoch, first: batch.header.first,
                    count: batch.body.items.count, committedAt: Sample.now.microseconds, root: batch.body.previous)
                for statement in [statement, head.statement] {
                    guard publicKey.verifies(try key.signature(of: statement), of: statement) else {
                        throw BenchmarkFailure("a signature is not genuine")
                    }
                    verified += 1
                }
            }
            return verified
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
