/// What a message asks or tells; byte 5 of the header.
public enum Command: UInt8, Sendable, CaseIterable {
    /// A sender or worker introduces itself.
    case hello = 1
    /// The answer to HELLO: what the centre has, and credit.
    case welcome = 2
    /// Consecutive entries.
    case batch = 3
    /// What became of the entries of a batch.
    case receipt = 4
    /// The window from now on.
    case credit = 5
    /// A sign of life from the work loop.
    case ping = 6
    /// The answer to PING.
    case pong = 7
    /// A worker takes no more.
    case drain = 8
    /// The end of a session.
    case bye = 9
    /// The message before was not understood or not allowed.
    case error = 10
    /// Survey tasks for a survey sender.
    case tasks = 11
    /// Survey tasks that have been dealt with.
    case tasksDone = 12
    /// The keys of senders, as a worker has read them in the database, for the broker.
    case roster = 13
    /// A key that a new sender has made, proved by its enrolment code.
    case enrol = 14
    /// The answer to ENROL: the key counts.
    case enrolled = 15
}

/// How bodies and entries are written; byte 6 of the header.
public enum ContentType: UInt8, Sendable, CaseIterable {
    /// The message has no body.
    case none = 0
    /// Protocol Buffers.
    case protobuf = 1
    /// JSON of the same schema.
    case json = 2
}

/// The limits of DIP/1.
public enum Limits {
    /// Bytes of an entry.
    public static let entryBytes = 65_536
    /// Entries of a batch.
    public static let batchEntries = 512
    /// Bytes of a batch body, so that the frame stays below 256 KiB.
    public static let batchBytes = 245_760
    /// Bytes of the body of every other message of a sender.
    public static let smallBodyBytes = 4_096
    /// Batches of a session that are on their way.
    public static let outstandingBatches = 32
    /// The highest sequence number: signed 64-bit integers hold it and every number of a batch that begins there.
    public static let highestNumber = UInt64(Int64.max) - 65_536
    /// Characters of a sender's name.
    public static let senderName = 64

    /// Whether a name may be a sender's.
    public static func isSenderName(_ name: String) -> Bool {
        (1...senderName).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
    }
}
