/// Where the texts of a submission stand in some bytes: what a ``Submission`` says, before any of it is copied.
///
/// The bytes at every place are UTF-8; whoever fills the places in has seen to it, and what is not would be repaired.
public struct SubmissionPlaces: Sendable, BitwiseCopyable {
    private var starts = InlineArray<18, UInt32>(repeating: 0)
    private var ends = InlineArray<18, UInt32>(repeating: 0)

    /// No text in any field.
    public init() {}

    /// The place of a field's text; empty where nothing was said.
    public subscript(field: Field) -> Range<Int> {
        get { Int(starts[field.place])..<Int(ends[field.place]) }
        set {
            starts[field.place] = UInt32(newValue.lowerBound)
            ends[field.place] = UInt32(newValue.upperBound)
        }
    }
}

extension Field {
    /// All fields in the order of the cases, kept: `allCases` makes an array each time.
    public static let inOrder = allCases

    /// Its number, counted from 0 in the order of the cases.
    var place: Int {
        switch self {
        case .dossierCode: 0
        case .codeGrammar: 1
        case .receivedAt: 2
        case .dueAt: 3
        case .finishedAt: 4
        case .returnedAt: 5
        case .unit: 6
        case .procedure: 7
        case .sector: 8
        case .channel: 9
        case .returnChannel: 10
        case .deskOperator: 11
        case .onlineLevel: 12
        case .applicantKind: 13
        case .applicantID: 14
        case .applicantName: 15
        case .applicantPhone: 16
        case .status: 17
        }
    }
}

extension Submission {
    /// The submission whose texts stand at some places.
    public init(_ places: SubmissionPlaces, in bytes: Span<UInt8>) {
        self.init()
        for field in Field.allCases where !places[field].isEmpty { self[field] = bytes.extracting(places[field]).text }
    }

    /// The bytes of all texts, one behind the other, and where each of them stands.
    var flattened: (bytes: [UInt8], places: SubmissionPlaces) {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512)
        var places = SubmissionPlaces()
        for field in Field.allCases {
            let start = bytes.count
            bytes.append(contentsOf: self[field].utf8)
            places[field] = start..<bytes.count
        }
        return (bytes, places)
    }
}

extension Span<UInt8> {
    /// The text that the bytes make.
    var text: String { unsafe withUnsafeBufferPointer { bytes in unsafe String(decoding: bytes, as: UTF8.self) } }

    /// The text, or `nil` when there are no bytes.
    var textOrNil: String? { isEmpty ? nil : text }
}
