import Dossiers
import IntakeProtocol
import Store

extension InstructionBenchmark {
    /// What a worker does with an entry.
    static var entry: [InstructionBenchmark] {
        [
            reading("entry: read protobuf", .protobuf), reading("entry: read JSON", .json), validation,
            validationInPlace, canonicalForm,
            chain,
        ]
    }

    private static func reading(_ name: String, _ type: ContentType) -> InstructionBenchmark {
        InstructionBenchmark(name: name, dossiers: Sample.size) { _ in
            let entries = try Sample.entries(as: type)
            return { _ in
                var fields = 0
                for entry in entries {
                    guard case (.intake(let submission), _) = EntryContent.read(entry, as: type) else {
                        throw BenchmarkFailure("an entry is not read")
                    }
                    fields += submission.dossierCode.utf8.count
                }
                return fields
            }
        }
    }

    private static let validation = InstructionBenchmark(name: "entry: validate", dossiers: Sample.size) { _ in
        let submissions = Sample.submissions()
        var validator = try Sample.validator()
        return { _ in
            var accepted = 0
            for submission in submissions {
                guard case .accepted = validator.validate(submission, now: Sample.now) else {
                    throw BenchmarkFailure("a submission is not accepted")
                }
                accepted += 1
            }
            return accepted
        }
    }

    /// As a worker does with nearly every entry: found and judged where it stands.
    private static let validationInPlace = InstructionBenchmark(
        name: "entry: read and validate in place", dossiers: Sample.size
    ) { _ in
        let entries = try Sample.entries(as: .protobuf)
        var validator = try Sample.validator()
        return { _ in
            var accepted = 0
            for entry in entries {
                guard let (places, _) = IntakeScanner.read(entry.span),
                    case .accepted = validator.validate(places, in: entry.span, now: Sample.now)
                else { throw BenchmarkFailure("an entry is not accepted") }
                accepted += 1
            }
            return accepted
        }
    }

    private static let canonicalForm = InstructionBenchmark(
        name: "entry: canonical form and SHA-256", dossiers: Sample.size
    ) { _ in
        let dossiers = try Sample.accepted().map(\.dossier)
        return { _ in
            var sum = 0
            for dossier in dossiers {
                var canonical: [UInt8] = []
                canonical.reserveCapacity(256)
                dossier.appendCanonicalBytes(to: &canonical)
                sum += Int(Chain.digest(of: canonical).bytes[0])
            }
            return sum
        }
    }

    private static let chain = InstructionBenchmark(name: "entry: check the chain", dossiers: Sample.size) { _ in
        let batches = try SampleBatch.all()
        return { _ in
            var proven = 0
            for batch in batches {
                var previous = batch.body.previous
                for (offset, item) in batch.body.items.enumerated() {
                    let number = batch.header.first + UInt64(offset)
                    let digest = Chain.digest(
                        previous: previous, epoch: Sample.epoch, sequence: number, body: item.bytes.span)
                    guard digest == item.digest else { throw BenchmarkFailure("a digest does not follow") }
                    proven += 1
                    previous = item.digest
                }
            }
            return proven
        }
    }
}
