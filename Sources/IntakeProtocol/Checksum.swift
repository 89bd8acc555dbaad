import Gzip

/// CRC-32 as in zlib, PNG and Ethernet (polynomial 0xEDB88320), so that every language has it at hand.
public enum Checksum {
    /// The checksum of some bytes.
    public static func crc32(_ bytes: [UInt8]) -> UInt32 { CRC32.checksum(of: bytes[...]) }

    /// The checksum of some bytes.
    public static func crc32(_ bytes: ArraySlice<UInt8>) -> UInt32 { CRC32.checksum(of: bytes) }
}
