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
        /// The sender has no key that counts, or speaks for another one.
        case notAuthorised = "not_authorised"
        /// The sender has a signing key, and the batch is not signed by it, or not this batch.
        case badSignature = "bad_signature"
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

extension ProtocolError.Code {
    /// A sentence for whoever writes the client.
    var sentence: String {
        switch self {
        case .frameCount: "A message has a header frame and at most one body frame."
        case .notDIP: "The header is not 56 bytes that begin with DIP1."
        case .unsupportedVersion: "The version is not 1."
        case .damagedHeader: "The CRC-32 of the header (bytes 0 to 51) is wrong."
        case .damagedBody: "The length or CRC-32 of the body is not the one in the header."
        case .unknownCommand: "The command has no meaning here."
        case .unknownContentType: "The content type is neither 1 (protobuf) nor 2 (JSON)."
        case .malformedBody: "The body is not what the command asks for."
        case .limitExceeded: "A size, count or number is above the limits of DIP/1."
        case .badSenderName: "A sender's name is 1 to 64 characters of a-z 0-9 . _ -"
        case .notAuthorised: "No key that counts now, or the name of another sender."
        case .badSignature: "The sender's key has not signed this batch, or its chain is broken."
        case .busy: "There is no room for another session now."
        case .unknownSession: "The session is not the current one: send HELLO."
        }
    }
}
