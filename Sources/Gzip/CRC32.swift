import CZlib

/// CRC-32 as in zlib, PNG and Ethernet (polynomial 0xEDB88320).
public enum CRC32 {
    /// The checksum of some bytes.
    public static func checksum(of bytes: ArraySlice<UInt8>) -> UInt32 {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            unsafe UInt32(truncatingIfNeeded: crc32_z(0, buffer.baseAddress, buffer.count))
        }
    }
}
