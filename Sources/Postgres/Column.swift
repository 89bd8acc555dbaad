/// A column of values that is sent as one binary array parameter, to be used with `unnest`.
///
/// It keeps its memory when it is emptied, so that a batch costs no allocation once the first one has been built.
public struct Column: Sendable {
    let type: ElementType
    private(set) var bytes: [UInt8] = []
    /// Number of values.
    public private(set) var count: Int32 = 0
    private var hasNull = false

    /// An empty column of a type.
    public init(_ type: ElementType) {
        self.type = type
        removeAll()
    }

    /// Empties the column and keeps its memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
        hasNull = false
        bytes.append(bigEndian: Int32(1))
        bytes.append(bigEndian: Int32(0))
        bytes.append(bigEndian: type.oid)
        bytes.append(bigEndian: Int32(0))
        bytes.append(bigEndian: Int32(1))
    }

    /// Appends NULL.
    public mutating func appendNull() {
        hasNull = true
        count += 1
        bytes.append(bigEndian: Int32(-1))
    }

    /// Appends a `bigint`, or NULL.
    public mutating func append(_ value: Int64?) { appendInteger(value) }

    /// Appends an `integer`, or NULL.
    public mutating func append(_ value: Int32?) { appendInteger(value) }

    /// Appends a `smallint`, or NULL.
    public mutating func append(_ value: Int16?) { appendInteger(value) }

    /// Appends a `boolean`.
    public mutating func append(_ value: Bool) { appendInteger(value ? Int8(1) : 0) }

    /// Appends a `date` by days since 1970-01-01, or NULL.
    public mutating func append(day: Int32?) { appendInteger(day.map { $0 - Epoch.days }) }

    /// Appends a `timestamptz` by microseconds since 1970-01-01T00:00:00Z, or NULL.
    public mutating func append(microseconds: Int64?) { appendInteger(microseconds.map { $0 - Epoch.microseconds }) }

    /// Appends a `text`, or NULL.
    public mutating func append(_ value: String?) {
        guard let value else { return appendNull() }
        count += 1
        bytes.append(bigEndian: Int32(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    /// Appends a `bytea`, or NULL.
    public mutating func append(_ value: [UInt8]?) {
        guard let value else { return appendNull() }
        count += 1
        bytes.append(bigEndian: Int32(value.count))
        bytes.append(contentsOf: value)
    }

    private mutating func appendInteger<Value: FixedWidthInteger>(_ value: Value?) {
        guard let value else { return appendNull() }
        count += 1
        bytes.append(bigEndian: Int32(Value.bitWidth / 8))
        bytes.append(bigEndian: value)
    }

    /// The array in PostgreSQL's binary form.
    func appendArray(to target: inout [UInt8]) {
        let start = target.count
        target.append(contentsOf: bytes)
        // An empty array has no dimensions, and so neither a length nor a lower bound.
        if count == 0 {
            target.removeLast(8)
            target.replace(at: start, bigEndian: 0)
        } else {
            target.replace(at: start + 4, bigEndian: hasNull ? 1 : 0)
            target.replace(at: start + 12, bigEndian: count)
        }
    }
}
