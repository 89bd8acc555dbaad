/// A message that does not follow DIP/1.
public struct ProtocolError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong with the message.
    public enum Code: String, Sendable, CaseIterable {
        /// The message does not have the number of frames that its command asks for.
        case frameCount = "frame_count"
        /// The header is not 56 bytes long or does not begin with `DIP1`.
        case notDIP = "not_dip"
        /// The version is not 1.
        case unsupportedVersion = "unsupported_version"
        /// The checksum of the header is wrong.
        case damagedHeader = "damaged_header"
        /// The length or checksum of the body is not the one in the header.
        case damagedBody = "damaged_body"
        /// The command has no meaning here.
        case unknownCommand = "unknown_command"
        /// The content type is neither protobuf nor JSON.
        case unknownContentType = "unknown_content_type"
        /// The body is not the message that the command asks for.
        case malformedBody = "malformed_body"
        /// A size or count is above the limits of the protocol.
        case limitExceeded = "limit_exceeded"
        /// The sender's name is not 1 to 64 characters of `a-z 0-9 . _ -`.
        case badSenderName = "bad_sender_name"
        /// There is no room for another session: greet again later.
        case busy
        /// The session is not the current one of its sender: greet again.
        case unknownSession = "unknown_session"
    }

    /// What is wrong.
    public let code: Code

    /// An error of a code.
    public init(_ code: Code) { self.code = code }

    /// The code, as it stands in ERROR messages.
    public var description: String { code.rawValue }
}
