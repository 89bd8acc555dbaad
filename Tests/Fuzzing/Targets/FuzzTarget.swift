import IntakeProtocol
import Mapping

/// A reader of bytes from outside, with what must hold whatever the bytes are.
///
/// The fuzzer looks for bytes by which it does not hold (`Deploy/fuzz`); what it has found is kept in `Tests/Fuzzing/Corpus`
/// and read again by an ordinary test.
package enum FuzzTarget: String, CaseIterable, Sendable {
    /// The header of a message with the body behind it, and the tag of a delivery.
    case header
    /// An entry in protobuf, by the scanner in place and by the library, and what the validator says of both.
    case entry
    /// An entry in JSON.
    case json
    /// The body of a batch: a count in two bytes, then the body.
    case batch
    /// The body of any other message: two bytes say of which and how it is written.
    case message
    /// A mapping file, a zero, and a file that is read by it.
    case mapping
    /// A file in hoso's own NDJSON, gzipped or not.
    case source
    /// Rows of a spool, as a damaged disk may hold them.
    case spoolRow = "spool-row"
    /// What the centre answers for good: the receipt of a batch, which the spool records, and that of one entry.
    case receipt

    /// Reads bytes and checks what must hold of what was read.
    /// - Throws: ``FuzzFinding`` when it does not; bytes that are refused as they should be are none.
    package func run(_ bytes: [UInt8]) throws(FuzzFinding) {
        switch self {
        case .header: try checkHeader(bytes)
        case .entry: try checkEntry(bytes)
        case .json: try checkContent(bytes, .json)
        case .batch: try checkBatch(bytes)
        case .message: try checkMessage(bytes)
        case .mapping: try checkMapping(bytes)
        case .source: try checkSource(bytes, .native)
        case .spoolRow: try checkSpoolRows(bytes)
        case .receipt: try checkReceipt(bytes)
        }
    }
}

/// Something that must hold, and did not.
package struct FuzzFinding: Error, CustomStringConvertible {
    /// What did not hold.
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Fails unless something holds.
func require(_ holds: Bool, _ what: @autoclosure () -> String) throws(FuzzFinding) {
    if !holds { throw FuzzFinding(what()) }
}

/// The value of something that must not fail.
func succeed<Value>(_ what: String, _ work: () throws -> Value) throws(FuzzFinding) -> Value {
    do { return try work() } catch { throw FuzzFinding("\(what): \(error)") }
}

extension [UInt8] {
    /// An integer in network byte order.
    init(bigEndian value: some FixedWidthInteger) {
        self = unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe [UInt8]($0) }
    }
}
