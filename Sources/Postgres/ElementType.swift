/// The types of values that this wrapper sends, by their OIDs in `pg_type`.
public struct ElementType: Sendable, Equatable {
    /// OID of the type.
    let oid: UInt32
    /// OID of the array type with this element.
    let arrayOID: UInt32

    /// `boolean`.
    public static let boolean = ElementType(oid: 16, arrayOID: 1000)
    /// `bytea`.
    public static let bytes = ElementType(oid: 17, arrayOID: 1001)
    /// `bigint`.
    public static let int8 = ElementType(oid: 20, arrayOID: 1016)
    /// `smallint`.
    public static let int2 = ElementType(oid: 21, arrayOID: 1005)
    /// `integer`.
    public static let int4 = ElementType(oid: 23, arrayOID: 1007)
    /// `text`.
    public static let text = ElementType(oid: 25, arrayOID: 1009)
    /// `date`: days since 2000-01-01.
    public static let date = ElementType(oid: 1082, arrayOID: 1182)
    /// `timestamptz`: microseconds since 2000-01-01T00:00:00Z.
    public static let timestamp = ElementType(oid: 1184, arrayOID: 1185)
    /// `xid8`.
    public static let transaction = ElementType(oid: 5069, arrayOID: 271)
}

/// PostgreSQL counts days and microseconds from 2000-01-01.
enum Epoch {
    static let days: Int32 = 10_957
    static let microseconds: Int64 = 946_684_800_000_000
}

extension [UInt8] {
    /// Appends an integer in network byte order.
    mutating func append<Value: FixedWidthInteger>(bigEndian value: Value) {
        unsafe Swift.withUnsafeBytes(of: value.bigEndian) { unsafe append(contentsOf: $0) }
    }

    /// Overwrites four bytes at `index` with an integer in network byte order.
    mutating func replace(at index: Int, bigEndian value: Int32) {
        for offset in 0..<4 { self[index + offset] = UInt8(truncatingIfNeeded: value >> Int32(24 - 8 * offset)) }
    }
}
