import CZlib

/// Decompresses gzip (RFC 1952), several members after one another included.
///
/// It owns one `z_stream`, which must not move while zlib knows it. One reader owns it and uses it on one thread at a
/// time.
@safe
public final class Inflater: @unchecked Sendable {
    private static let pieceSize = 256 << 10

    private let stream: UnsafeMutablePointer<z_stream>
    private var input: [UInt8] = []
    private var position = 0
    private var lastPieceWasFull = false
    private var hasSeenPadding = false
    /// Whether a member has begun and not ended.
    public private(set) var isInsideMember = true
    /// Compressed bytes consumed since the start.
    public private(set) var bytesConsumed = 0

    /// An inflater at the start of a file; `nil` when zlib has no memory.
    public init?() {
        unsafe stream = .allocate(capacity: 1)
        unsafe stream.initialize(to: z_stream())
        // 15 is the largest window; 16 more asks for the gzip format and its checksum.
        let result = unsafe inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        guard result == Z_OK else { return nil }
    }

    deinit {
        _ = unsafe inflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// Whether nothing more can come out before more is fed in.
    public var needsInput: Bool { position == input.count && !lastPieceWasFull }

    /// Hands over the next compressed bytes; only when ``needsInput``.
    public func feed(_ bytes: [UInt8]) {
        input = bytes
        position = 0
    }

    /// The next decompressed bytes, perhaps none; nil when the data is damaged.
    public func next() -> [UInt8]? {
        if !isInsideMember {
            guard beginMember() else { return nil }
            if !isInsideMember { return [] }
        }
        var result = Z_OK
        var written = 0
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: Self.pieceSize) { output, count in
            result = unsafe inflate(into: output)
            count = unsafe output.count - Int(stream.pointee.avail_out)
            written = count
        }
        lastPieceWasFull = written == Self.pieceSize
        switch result {
        case Z_STREAM_END: isInsideMember = false
        case Z_OK, Z_BUF_ERROR: break
        default: return nil
        }
        return piece
    }

    /// One call of zlib with what is left of the input.
    private func inflate(into output: UnsafeMutableBufferPointer<UInt8>) -> Int32 {
        let remaining = input.count - position
        let result = unsafe input.withUnsafeMutableBufferPointer { buffer in
            unsafe stream.pointee.next_in = buffer.baseAddress.map { unsafe $0 + position }
            unsafe stream.pointee.avail_in = UInt32(remaining)
            unsafe stream.pointee.next_out = output.baseAddress
            unsafe stream.pointee.avail_out = UInt32(output.count)
            return unsafe CZlib.inflate(stream, Z_NO_FLUSH)
        }
        let consumed = unsafe remaining - Int(stream.pointee.avail_in)
        position += consumed
        bytesConsumed += consumed
        return result
    }

    /// Passes the zeros with which tapes and downloads pad a file, and starts the next member if there is one.
    /// - Returns: false when something else than a member follows.
    private func beginMember() -> Bool {
        lastPieceWasFull = false
        while position < input.count, input[position] == 0 {
            hasSeenPadding = true
            position += 1
            bytesConsumed += 1
        }
        guard position < input.count else { return true }
        guard !hasSeenPadding, unsafe inflateReset(stream) == Z_OK else { return false }
        isInsideMember = true
        return true
    }
}
