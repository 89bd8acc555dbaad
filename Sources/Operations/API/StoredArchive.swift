import Gzip

/// A ZIP archive whose files are stored as they are (APPNOTE.TXT 6.3.3, without what it leaves to choice).
struct StoredArchive {
    private var bytes: [UInt8] = []
    private var directory: [UInt8] = []
    private var count: UInt16 = 0

    /// Adds a file.
    mutating func add(_ name: String, _ content: [UInt8]) {
        let start = UInt32(bytes.count)
        var entry: [UInt8] = []
        entry.append(little: UInt16(20))  // version 2.0
        entry.append(little: UInt16(0x0800))  // the name is UTF-8
        entry.append(little: UInt16(0))  // stored
        entry.append(little: UInt16(0))  // midnight
        entry.append(little: UInt16(0x21))  // of 1 January 1980: the same content makes the same archive
        entry.append(little: CRC32.checksum(of: content[...]))
        entry.append(little: UInt32(content.count))
        entry.append(little: UInt32(content.count))
        entry.append(little: UInt16(name.utf8.count))
        entry.append(little: UInt16(0))
        bytes.append(little: UInt32(0x0403_4B50))
        bytes += entry + Array(name.utf8) + content
        directory.append(little: UInt32(0x0201_4B50))
        directory.append(little: UInt16(20))
        directory += entry
        directory += [UInt8](repeating: 0, count: 10)  // no comment, one disk, no attributes
        directory.append(little: start)
        directory += Array(name.utf8)
        count += 1
    }

    /// The archive.
    var finished: [UInt8] {
        var end: [UInt8] = []
        end.append(little: UInt32(0x0605_4B50))
        end.append(little: UInt32(0))
        end.append(little: count)
        end.append(little: count)
        end.append(little: UInt32(directory.count))
        end.append(little: UInt32(bytes.count))
        end.append(little: UInt16(0))
        return bytes + directory + end
    }
}

extension [UInt8] {
    fileprivate mutating func append<Value: FixedWidthInteger>(little value: Value) {
        for shift in stride(from: 0, to: Value.bitWidth, by: 8) { append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
}
