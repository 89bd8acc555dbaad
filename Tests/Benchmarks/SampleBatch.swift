import Dossiers
import IntakeProtocol

/// A batch of made-up dossiers as its sender sends it.
struct SampleBatch {
    let header: Header
    let body: BatchBody
    /// The frame of the body.
    let bytes: [UInt8]

    /// The batches of ``Sample/entries(_:as:)``, one after the other in the chain.
    static func all() throws -> [SampleBatch] {
        let entries = try Sample.entries()
        var previous = Chain.start
        return stride(from: 0, to: entries.count, by: Sample.batchSize).map { start in
            let first = UInt64(start + 1)
            let batch = SampleBatch(entries[start..<(start + Sample.batchSize)], first: first, previous: previous)
            previous = batch.body.items.last?.digest ?? previous
            return batch
        }
    }

    private init(_ entries: ArraySlice<[UInt8]>, first: UInt64, previous: Digest) {
        var digest = previous
        let items = entries.enumerated().map { offset, bytes in
            digest = Chain.digest(
                previous: digest, epoch: Sample.epoch, sequence: first + UInt64(offset), body: bytes)
            return BatchBody.Item(digest: digest, bytes: bytes)
        }
        body = BatchBody(previous: previous, items: items)
        bytes = body.bytes
        var header = Header(.batch, contentType: .protobuf)
        header.epoch = Sample.epoch
        header.first = first
        header.head = UInt64(Sample.size)
        header.count = UInt32(items.count)
        header.seal(bytes)
        self.header = header
    }
}
