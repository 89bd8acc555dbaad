/// A SHA-256 digest: 32 bytes that lie in place, so that a batch of them costs no allocation.
public struct Digest: Sendable, Equatable, BitwiseCopyable {
    /// The bytes as they lie in memory, eight at a time.
    private let words: (UInt64, UInt64, UInt64, UInt64)

    /// Zeros: what stands before the first entry of a chain.
    public static let zero = Digest(words: (0, 0, 0, 0))

    private init(words: (UInt64, UInt64, UInt64, UInt64)) { self.words = words }

    /// A digest by its bytes; `nil` unless there are 32 of them.
    public init?(_ bytes: Span<UInt8>) {
        guard bytes.count == Self.size else { return nil }
        // Of exactly as many bytes, and of a type that any bits make.
        self = unsafe bytes.withUnsafeBytes { bytes in unsafe bytes.loadUnaligned(as: Digest.self) }
    }

    /// A digest by its bytes; `nil` unless there are 32 of them.
    public init?(_ bytes: [UInt8]) { self.init(bytes.span) }

    /// Bytes of a digest.
    public static var size: Int { 32 }

    /// The bytes.
    public var bytes: [UInt8] { unsafe Swift.withUnsafeBytes(of: words) { unsafe [UInt8]($0) } }

    /// Does something with the bytes where they lie.
    public func withSpan<Value>(_ body: (Span<UInt8>) -> Value) -> Value {
        unsafe Swift.withUnsafeBytes(of: words) { bytes in body(unsafe Span<UInt8>(_unsafeBytes: bytes)) }
    }

    /// Whether all bytes are the same.
    public static func == (left: Digest, right: Digest) -> Bool { left.words == right.words }
}
