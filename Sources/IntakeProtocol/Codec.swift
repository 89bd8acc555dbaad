public import SwiftProtobuf
public import WireMessages

extension Message {
    /// The message as the body of a frame.
    public func encoded(as type: ContentType) throws(ProtocolError) -> [UInt8] {
        do {
            switch type {
            case .none: return []
            case .protobuf: return try serializedBytes()
            case .json: return try jsonUTF8Bytes(options: .dip)
            }
        } catch {
            throw ProtocolError(.malformedBody)
        }
    }

    /// Reads the body of a frame; fields that this version does not know are passed over.
    public init(body: [UInt8], as type: ContentType) throws(ProtocolError) {
        do {
            switch type {
            case .none: self.init()
            case .protobuf: try self.init(serializedBytes: body)
            case .json: try self.init(jsonUTF8Bytes: body, options: .dip)
            }
        } catch {
            throw ProtocolError(.malformedBody)
        }
    }
}

extension JSONEncodingOptions {
    /// Names as in the schema, and numbers as numbers.
    static var dip: JSONEncodingOptions {
        var options = JSONEncodingOptions()
        options.preserveProtoFieldNames = true
        options.alwaysPrintInt64sAsNumbers = true
        return options
    }
}

extension JSONDecodingOptions {
    static var dip: JSONDecodingOptions {
        var options = JSONDecodingOptions()
        options.ignoreUnknownFields = true
        options.messageDepthLimit = 16
        return options
    }
}

extension WireRefusal {
    /// The body of ERROR.
    /// - Parameter retryAfter: milliseconds after which the sender may greet again; 0 leaves it to the sender.
    public init(_ code: ProtocolError.Code, retryAfter: UInt32 = 0) {
        self.init()
        self.code = code.rawValue
        text = code.sentence
        retryAfterMilliseconds = retryAfter
    }
}
