public import Dossiers

/// What a sender signs of a batch: who it is, where the batch stands, and the chain before and after it.
///
/// The last digest stands for every entry only where each digest follows from the one before it; so of a signed batch the
/// whole chain is checked before anything in it is believed.
public enum BatchSignature {
    /// Bytes of a signature.
    public static let size = 64

    /// The bytes that are signed.
    ///
    /// | bytes | field |
    /// |---|---|
    /// | 11 | `DIP1 batch` and a zero |
    /// | 1, n | length of the sender's name, and the name |
    /// | 8 | epoch |
    /// | 8 | first sequence number |
    /// | 4 | count of entries |
    /// | 1 | content type |
    /// | 32 | digest of the entry before the first one |
    /// | 32 | digest of the last entry |
    public static func statement(sender: String, header: Header, previous: Digest, last: Digest) -> [UInt8] {
        var bytes = Array("DIP1 batch\0".utf8)
        bytes.reserveCapacity(97 + sender.utf8.count)
        bytes.append(UInt8(truncatingIfNeeded: sender.utf8.count))
        bytes.append(contentsOf: sender.utf8)
        bytes.append(bigEndian: header.epoch)
        bytes.append(bigEndian: header.first)
        bytes.append(bigEndian: header.count)
        // The broker might say JSON where protobuf was sent, and have every entry refused for good.
        bytes.append(header.contentType.rawValue)
        bytes.append(contentsOf: previous.bytes)
        bytes.append(contentsOf: last.bytes)
        return bytes
    }
}
