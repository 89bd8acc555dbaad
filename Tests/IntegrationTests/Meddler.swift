import IntakeProtocol
import Polling
import ServiceLifecycle
import ZeroMQ

/// Stands between a broker and its worker as a broker would that is not to be trusted: it changes what passes, and makes the
/// checksums right.
actor Meddler: Service {
    /// What it does with a message that belongs to a delivery; `nil` drops it.
    typealias Change =
        @Sendable (_ header: Header, _ tag: DeliveryTag, _ body: [UInt8]) -> (Header, DeliveryTag, [UInt8])?

    private let executor: PollingExecutor
    private let workers: String
    private let broker: String
    private var change: Change?
    /// Messages that it has changed or dropped.
    private(set) var changed = 0

    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - workers: where the worker connects to.
    ///   - broker: where the broker listens for workers.
    init(workers: String, broker: String) throws {
        executor = try PollingExecutor(name: "meddler")
        self.workers = workers
        self.broker = broker
    }

    isolated deinit { executor.stop() }

    /// Changes what passes from now on; `nil` lets everything through.
    func meddle(_ change: Change?) { self.change = change }

    func run() async throws {
        let context = try Context()
        let front = try Socket(.router, in: context)
        try front.bind(workers)
        let back = try Socket(.dealer, in: context)
        try back.connect(broker)
        var worker: [UInt8] = []
        while !Task.isCancelled {
            _ = await executor.wait(
                for: [front.interest(.readable), back.interest(.readable)], until: .now.advanced(by: .milliseconds(20)))
            while let frames = try front.receive() {
                worker = frames[0].bytes
                if let message = meddled(frames.dropFirst().map(\.bytes)) {
                    _ = try back.send(message.map { Frame($0) })
                }
            }
            while let frames = try back.receive() {
                guard let message = meddled(frames.map(\.bytes)) else { continue }
                _ = try front.send(([worker] + message).map { Frame($0) })
            }
        }
    }

    private func meddled(_ frames: [[UInt8]]) -> [[UInt8]]? {
        guard let change, frames.count == 3, let header = try? Header(frames[0]), let tag = try? DeliveryTag(frames[1])
        else { return frames }
        guard let (newHeader, newTag, newBody) = change(header, tag, frames[2]) else {
            changed += 1
            return nil
        }
        let message = [Parcel(newHeader, body: newBody).header.bytes, newTag.bytes, newBody]
        if message != frames { changed += 1 }
        return message
    }
}
