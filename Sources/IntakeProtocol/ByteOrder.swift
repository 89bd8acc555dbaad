extension [UInt8] {
    /// Appends an integer in network byte order.
    mutating func append<Value: FixedWidthInteger>(bigEndian value: Value) {
        var shift = Value.bitWidth
        while shift > 0 {
            shift -= 8
            append(UInt8(truncatingIfNeeded: value >> Value(shift)))
        }
    }

    /// The integer in network byte order at `offset`; the caller has checked that it is there.
    func integer<Value: FixedWidthInteger>(at offset: Int, as type: Value.Type = Value.self) -> Value {
        var value: Value = 0
        for index in offset..<(offset + Value.bitWidth / 8) {
            value = value << 8 | Value(truncatingIfNeeded: self[index])
        }
        return value
    }
}
