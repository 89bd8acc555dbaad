/// The hash of Fowler, Noll and Vo in its form 1a with 64 bits: the same in every process and version.
public enum FNV1a {
    /// The hash of some bytes.
    public static func hash(_ bytes: Span<UInt8>) -> UInt64 {
        var value: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in bytes.indices { value = (value ^ UInt64(bytes[index])) &* 0x100_0000_01B3 }
        return value
    }
}
