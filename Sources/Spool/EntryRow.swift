import Crypto
import GRDB
import GRDBSQLite

/// The row of an entry on which a statement stands, seen where SQLite keeps it: nothing is copied.
///
/// It is valid until the statement is stepped or reset. GRDB does both, and names the errors of both.
@safe struct EntryRow {
    /// What a statement has to select, in this order.
    static let columns = "number, content_type, previous, digest, body"

    /// Its number.
    let number: UInt64
    /// 1 protobuf, 2 JSON.
    let kind: UInt8
    private let previous: UnsafeRawBufferPointer
    private let digest: UnsafeRawBufferPointer
    private let body: UnsafeRawBufferPointer

    /// The number of the row, whatever its other columns hold.
    static func number(_ statement: Statement) -> UInt64 {
        UInt64(bitPattern: unsafe sqlite3_column_int64(statement.sqliteStatement, 0))
    }

    /// The row, or `nil` where a damaged file holds something else in its columns.
    /// - Parameter number: what ``number(_:)`` says.
    /// - Throws: `DatabaseError` when there is no memory for a column.
    init?(_ statement: Statement, number: UInt64) throws {
        let handle = unsafe statement.sqliteStatement
        guard unsafe sqlite3_column_type(handle, 1) == SQLITE_INTEGER,
            let kind = UInt8(exactly: unsafe sqlite3_column_int64(handle, 1)), kind == 1 || kind == 2,
            let previous = try unsafe Self.bytes(handle, 2), let digest = try unsafe Self.bytes(handle, 3),
            let body = try unsafe Self.bytes(handle, 4)
        else { return nil }
        (self.number, self.kind) = (number, kind)
        unsafe (self.previous, self.digest, self.body) = (previous, digest, body)
    }

    /// The bytes of a column that holds a blob.
    ///
    /// One turned-over bit makes a text of it, of the same bytes: whether that is damage the digest decides.
    private static func bytes(_ handle: SQLiteStatement, _ column: Int32) throws -> UnsafeRawBufferPointer? {
        let type = unsafe sqlite3_column_type(handle, column)
        guard type == SQLITE_BLOB || type == SQLITE_TEXT else { return nil }
        // In this order: asking for the bytes may move them, and their number is that of what was asked for last.
        let start = unsafe sqlite3_column_blob(handle, column)
        let count = unsafe Int(sqlite3_column_bytes(handle, column))
        // SQLite has no address for no bytes, nor where it found no memory.
        guard unsafe start != nil || count == 0 else { throw DatabaseError(resultCode: .SQLITE_NOMEM) }
        return unsafe UnsafeRawBufferPointer(start: start, count: count)
    }

    /// Bytes that it takes in the body of a batch.
    var size: Int { unsafe 36 + body.count }

    /// Whether its digest is that of the chain.
    func isWhole(epoch: UInt64) -> Bool {
        let sizes = unsafe (previous.count, digest.count)
        guard sizes == (32, 32) else { return false }
        let expected = unsafe SpoolChain.digest(previous: previous, epoch: epoch, number: number, body: body)
        return unsafe expected.withUnsafeBytes { expected in
            unsafe expected.loadUnaligned(as: SIMD4<UInt64>.self) == digest.loadUnaligned(as: SIMD4<UInt64>.self)
        }
    }

    /// Adds the digest before it to a batch that it begins.
    func appendPrevious(to batch: inout [UInt8]) { unsafe batch.append(contentsOf: previous) }

    /// Adds it to a batch: digest, length as four bytes in network byte order, bytes.
    func append(to batch: inout [UInt8]) {
        unsafe batch.append(contentsOf: digest)
        unsafe withUnsafeBytes(of: UInt32(body.count).bigEndian) { unsafe batch.append(contentsOf: $0) }
        unsafe batch.append(contentsOf: body)
    }
}
