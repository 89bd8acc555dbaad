/// Limits of a broker.
package struct BrokerLimits: Sendable {
    /// Bytes of batches that it holds at most, each with ``batchOverhead``.
    package var memoryBytes = 67_108_864
    /// What a batch costs beside the bytes of its body: frames, header, bookkeeping.
    package var batchOverhead = 1_024
    /// Largest window in entries.
    package var windowEntries = 8_192
    /// Largest window in bytes.
    package var windowBytes = 4_194_304
    /// Smallest window in bytes: one entry of the largest size fits.
    package var smallestWindowBytes = 69_632
    /// Batches of a sender that are queued or with a worker.
    package var senderBatches = 32
    /// Messages of any kind that a worker has at most, well below the high-water mark of its connection.
    package var workerDeliveries = 32
    /// Greetings and beats among them.
    package var workerQuestions = 4
    /// A worker that is silent for longer loses what it has.
    package var lease: Duration = .seconds(10)
    /// A sender that is silent for longer is forgotten.
    package var senderSilence: Duration = .seconds(30)
    /// How often the centre records that a sender is there of which there is nothing new.
    package var newsInterval: Duration = .seconds(60)

    /// The defaults.
    package init() {}

    /// Messages of a lane that a worker has at most.
    func room(_ lane: Lane) -> Int {
        switch lane {
        case .batches: max(1, workerDeliveries - workerQuestions)
        case .questions: workerQuestions
        }
    }
}
