/// The parameters of one statement, in binary form: `$1`, `$2` … in the order of appending.
public struct Parameters: Sendable {
    private(set) var bytes: [UInt8] = []
    private(set) var types: [UInt32] = []
    /// Offset and length of each value; a length of -1 is NULL.
    private(set) var extents: [(offset: Int, length: Int32)] = []

    /// No parameters.
    public init() {}

    /// Appends a `bigint`, or NULL.
    public mutating func append(_ value: Int64?) { appendInteger(value, .int8) }

    /// Appends an `integer`, or NULL.
    public mutating func append(_ value: Int32?) { appendInteger(value, .int4) }

    /// Appends a `smallint`, or NULL.
    public mutating func append(_ value: Int16?) { appendInteger(value, .int2) }

    /// Appends a `boolean`.
    public mutating func append(_ value: Bool) { appendInteger(value ? Int8(1) : 0, .boolean) }

    /// Appends a `date` by days since 1970-01-01, or NULL.
    public mutating func append(day: Int32?) { appendInteger(day.map { $0 - Epoch.days }, .date) }

    /// Appends a `timestamptz` by microseconds since 1970-01-01T00:00:00Z, or NULL.
    public mutating func append(microseconds: Int64?) {
        appendInteger(microseconds.map { $0 - Epoch.microseconds }, .timestamp)
    }

    /// Appends an `xid8`.
    public mutating func append(transaction: UInt64) { appendInteger(transaction, .transaction) }

    /// Appends a `text`, or NULL.
    public mutating func append(_ value: String?) {
        append(.text, isNull: value == nil) { if let value { $0.append(contentsOf: value.utf8) } }
    }

    /// Appends a `bytea`, or NULL.
    public mutating func append(_ value: [UInt8]?) {
        append(.bytes, isNull: value == nil) { if let value { $0.append(contentsOf: value) } }
    }

    /// Appends an array.
    public mutating func append(_ column: Column) {
        let offset = bytes.count
        column.appendArray(to: &bytes)
        types.append(column.type.arrayOID)
        extents.append((offset, Int32(bytes.count - offset)))
    }

    private mutating func appendInteger<Value: FixedWidthInteger>(_ value: Value?, _ type: ElementType) {
        append(type, isNull: value == nil) { if let value { $0.append(bigEndian: value) } }
    }

    private mutating func append(_ type: ElementType, isNull: Bool, _ write: (inout [UInt8]) -> Void) {
        let offset = bytes.count
        write(&bytes)
        types.append(type.oid)
        extents.append((offset, isNull ? -1 : Int32(bytes.count - offset)))
    }
}

/// A statement and its parameters; it is prepared once per connection, under its text.
public struct Statement: Sendable {
    /// SQL with `$1`, `$2` … for parameters.
    public let sql: String
    /// The parameters.
    public let parameters: Parameters

    /// A statement.
    public init(_ sql: String, _ parameters: Parameters = Parameters()) {
        self.sql = sql
        self.parameters = parameters
    }
}
