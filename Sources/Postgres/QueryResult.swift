import CPostgres

/// The rows of a statement, read in binary form and by position.
///
/// Reading a column as a type of another width, or a row that does not exist, is a programming error and traps.
@safe public final class QueryResult {
    private let result: OpaquePointer

    init(owning result: OpaquePointer) { unsafe self.result = result }

    deinit { unsafe PQclear(result) }

    /// Number of rows.
    public var count: Int { unsafe Int(PQntuples(result)) }

    /// The command's tag, for example `INSERT 0 12` or `COMMIT`.
    public var tag: String { unsafe String(cString: PQcmdStatus(result)) }

    /// Whether a value is NULL.
    public func isNull(_ row: Int, _ column: Int) -> Bool {
        unsafe PQgetisnull(result, Int32(row), Int32(column)) != 0
    }

    /// A `bigint`.
    public func int64(_ row: Int, _ column: Int) -> Int64 { integer(row, column) }

    /// An `integer`.
    public func int32(_ row: Int, _ column: Int) -> Int32 { integer(row, column) }

    /// A `smallint`.
    public func int16(_ row: Int, _ column: Int) -> Int16 { integer(row, column) }

    /// A `boolean`.
    public func bool(_ row: Int, _ column: Int) -> Bool { (integer(row, column) as Int8) != 0 }

    /// An `xid8`.
    public func transaction(_ row: Int, _ column: Int) -> UInt64 { integer(row, column) }

    /// A `double precision`.
    public func double(_ row: Int, _ column: Int) -> Double { Double(bitPattern: integer(row, column)) }

    /// A `date` as days since 1970-01-01.
    public func day(_ row: Int, _ column: Int) -> Int32 { int32(row, column) + Epoch.days }

    /// A `timestamptz` as microseconds since 1970-01-01T00:00:00Z.
    public func microseconds(_ row: Int, _ column: Int) -> Int64 { int64(row, column) + Epoch.microseconds }

    /// A `text`.
    public func string(_ row: Int, _ column: Int) -> String {
        unsafe withValue(row, column) { bytes in unsafe String(decoding: bytes, as: UTF8.self) }
    }

    /// A `text`, or `nil` for NULL.
    public func optionalString(_ row: Int, _ column: Int) -> String? {
        isNull(row, column) ? nil : string(row, column)
    }

    /// A `bytea`.
    public func bytes(_ row: Int, _ column: Int) -> [UInt8] {
        unsafe withValue(row, column) { bytes in unsafe [UInt8](bytes) }
    }

    private func integer<Value: FixedWidthInteger>(_ row: Int, _ column: Int) -> Value {
        unsafe withValue(row, column) { bytes in
            precondition(bytes.count == MemoryLayout<Value>.size, "the column has another type")
            return unsafe Value(bigEndian: bytes.loadUnaligned(as: Value.self))
        }
    }

    @unsafe private func withValue<Value>(
        _ row: Int, _ column: Int, _ body: (UnsafeRawBufferPointer) -> Value
    ) -> Value {
        precondition(row >= 0 && row < count, "no such row")
        let length = unsafe Int(PQgetlength(result, Int32(row), Int32(column)))
        return unsafe body(UnsafeRawBufferPointer(start: PQgetvalue(result, Int32(row), Int32(column)), count: length))
    }
}
