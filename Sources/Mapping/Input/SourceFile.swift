import Foundation
import Gzip
import SystemPackage

/// A file on disk, read front to back in chunks and decompressed on the way where it is gzipped.
struct SourceFile: Sendable {
    /// Bytes read from disk at once.
    static let chunkSize = 256 << 10

    /// The file as its user named it.
    let name: String
    let identity: FileIdentity
    private(set) var bytesRead = 0
    private let handle: FileHandle
    private var inflater: Inflater?
    /// The first chunk, which was read to look at its first bytes.
    private var firstChunk: [UInt8]?

    init(path: String) throws(MappingError) {
        name = path
        do {
            // A pipe can be read only once, and opening one may wait for ever; a file is looked at before it is sent.
            if let status = try? FilePath(path).stat(), status.type != .regular {
                throw MappingError(.notAFile, file: path)
            }
            handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            // Asked of the open file: another one may be renamed over it at any moment.
            identity = try FileIdentity(open: FileDescriptor(rawValue: handle.fileDescriptor))
        } catch let error as MappingError {
            throw error
        } catch {
            throw MappingError(.fileUnreadable, file: path, cause: Self.reason(of: error))
        }
        firstChunk = try readFromDisk()
        // The magic bytes of RFC 1952 decide, since files are renamed more often than they are converted.
        if firstChunk?.starts(with: [0x1F, 0x8B]) == true {
            guard let inflater = Inflater() else {
                throw MappingError(.fileUnreadable, file: path, cause: "no memory to decompress it")
            }
            self.inflater = inflater
        }
    }

    /// The next piece of text, never empty, or nil at the end.
    mutating func read() throws(MappingError) -> [UInt8]? {
        inflater == nil ? try nextChunk() : try inflate()
    }

    private mutating func inflate() throws(MappingError) -> [UInt8]? {
        while true {
            if inflater?.needsInput == true {
                guard let chunk = try nextChunk() else { return try end() }
                inflater?.feed(chunk)
            }
            guard let piece = inflater?.next() else {
                throw MappingError(.compressionCorrupt, file: name, byteOffset: inflater?.bytesConsumed)
            }
            if !piece.isEmpty { return piece }
        }
    }

    /// What the end of the file means: the end of the text, or that the rest was cut off.
    private func end() throws(MappingError) -> [UInt8]? {
        guard inflater?.isInsideMember == true else { return nil }
        throw MappingError(.compressionTruncated, file: name, byteOffset: bytesRead)
    }

    private mutating func nextChunk() throws(MappingError) -> [UInt8]? {
        if let chunk = firstChunk.take() { return chunk }
        return try readFromDisk()
    }

    private mutating func readFromDisk() throws(MappingError) -> [UInt8]? {
        do {
            guard let data = try handle.read(upToCount: Self.chunkSize), !data.isEmpty else { return nil }
            bytesRead += data.count
            return [UInt8](data)
        } catch {
            throw MappingError(.fileUnreadable, file: name, cause: Self.reason(of: error))
        }
    }

    /// What the system calls the failure, without the path that Foundation repeats in it.
    static func reason(of error: any Error) -> String {
        let underlying = ((error as? CocoaError)?.underlying ?? error) as NSError
        return underlying.localizedFailureReason ?? "\(underlying.domain) \(underlying.code)"
    }
}
