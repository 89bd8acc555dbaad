/// Rows for `COPY … FROM STDIN (FORMAT binary)`.
///
/// A row is begun with its number of columns and then filled in their order. Emptied, it keeps its memory, so that a
/// batch costs no allocation once the first one has been built.
public struct CopyRows: Sendable {
    private(set) var bytes: [UInt8] = []
    /// Number of rows.
    public private(set) var count = 0

    /// No rows.
    public init() { removeAll() }

    /// Removes all rows and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
        bytes.append(contentsOf: [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00])
        // No flags, no extension of the header.
        bytes.append(bigEndian: UInt64(0))
    }

    /// Begins a row.
    public mutating func beginRow(columns: Int16) {
        bytes.append(bigEndian: columns)
        count += 1
    }

    /// Appends NULL.
    public mutating func appendNull() { bytes.append(bigEndian: Int32(-1)) }

    /// Appends a `bigint`, or NULL.
    public mutating func append(_ value: Int64?) {
        guard let value else { return appendNull() }
        let upper = UInt32(truncatingIfNeeded: value >> 32), lower = UInt32(truncatingIfNeeded: value)
        bytes.append(memoryOf: (UInt32(8).bigEndian, upper.bigEndian, lower.bigEndian))
    }

    /// Appends an `integer`, or NULL.
    public mutating func append(_ value: Int32?) {
        guard let value else { return appendNull() }
        bytes.append(bigEndian: UInt64(4) << 32 | UInt64(UInt32(bitPattern: value)))
    }

    /// Appends a `smallint`, or NULL.
    public mutating func append(_ value: Int16?) {
        guard let value else { return appendNull() }
        bytes.append(memoryOf: (UInt16(0), UInt16(2).bigEndian, value.bigEndian))
    }

    /// Appends a `boolean`.
    public mutating func append(_ value: Bool) {
        bytes.append(bigEndian: Int32(1))
        bytes.append(value ? 1 : 0)
    }

    /// Appends a `date` by days since 1970-01-01, or NULL.
    public mutating func append(day: Int32?) { append(day.map { $0 - Epoch.days }) }

    /// Appends a `timestamptz` by microseconds since 1970-01-01T00:00:00Z, or NULL.
    public mutating func append(microseconds: Int64?) { append(microseconds.map { $0 - Epoch.microseconds }) }

    /// Appends a `text`, or NULL.
    public mutating func append(_ value: String?) {
        guard let value else { return appendNull() }
        let utf8 = value.utf8
        bytes.append(bigEndian: Int32(utf8.count))
        bytes.append(contentsOf: utf8)
    }

    /// Appends a `bytea`, or NULL.
    public mutating func append(_ value: [UInt8]?) {
        guard let value else { return appendNull() }
        bytes.append(bigEndian: Int32(value.count))
        bytes.append(contentsOf: value)
    }

    /// Appends a `bytea` of bytes that lie elsewhere.
    public mutating func append(_ value: Span<UInt8>) {
        bytes.append(bigEndian: Int32(value.count))
        unsafe value.withUnsafeBufferPointer { unsafe bytes.append(contentsOf: $0) }
    }
}

extension [UInt8] {
    /// Appends a length and a value at once; integers of one width, in network byte order, leave no gap in memory.
    fileprivate mutating func append<Value: BitwiseCopyable>(memoryOf value: Value) {
        unsafe Swift.withUnsafeBytes(of: value) { unsafe append(contentsOf: $0) }
    }
}

/// Rows on their way into a table.
public struct CopiedTable: Sendable {
    /// The table with its columns in parentheses, as COPY has it.
    public let target: String
    /// The rows.
    public let rows: CopyRows

    /// Rows for a table.
    public init(_ target: String, _ rows: CopyRows) {
        self.target = target
        self.rows = rows
    }
}
