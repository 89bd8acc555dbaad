/// How a dossier comes in, or its result goes back: `KenhThucHien` of the national exchange.
///
/// Who staffs a desk is another question: a dossier handed in at a desk staffed by the post office is in person.
public enum Channel: Int16, Sendable, Hashable, CaseIterable, Comparable {
    /// At a desk.
    case inPerson = 1
    /// Through a portal.
    case online = 2
    /// By the public postal service (BCCI).
    case postal = 3

    /// A channel by its word (`in_person`, `online`, `postal`) or national code (1, 2, 3).
    public init?(code: String) {
        switch code {
        case "in_person", "1": self = .inPerson
        case "online", "2": self = .online
        case "postal", "3": self = .postal
        default: return nil
        }
    }

    /// The word.
    public var code: String {
        switch self {
        case .inPerson: "in_person"
        case .online: "online"
        case .postal: "postal"
        }
    }

    /// What people call it.
    public func title(in language: Language) -> String {
        switch (self, language) {
        case (.inPerson, .vietnamese): "Trực tiếp"
        case (.online, .vietnamese): "Trực tuyến"
        case (.postal, .vietnamese): "Bưu chính công ích"
        case (.inPerson, .english): "In person"
        case (.online, .english): "Online"
        case (.postal, .english): "Postal"
        }
    }

    /// The national order.
    public static func < (left: Channel, right: Channel) -> Bool { left.rawValue < right.rawValue }
}

/// Who hands in: `LoaiDoiTuong` of the national exchange.
public enum ApplicantKind: Int16, Sendable, Hashable, CaseIterable {
    case citizen = 1
    case enterprise = 2
    case agency = 3
    case other = 4

    /// A kind by its word or national code.
    public init?(code: String) {
        switch code {
        case "citizen", "1": self = .citizen
        case "enterprise", "2": self = .enterprise
        case "agency", "3": self = .agency
        case "other", "4": self = .other
        default: return nil
        }
    }
}

/// How far a procedure is offered online: "level 3" and "level 4" of older texts are partial and full.
public enum OnlineLevel: Int16, Sendable, Hashable, CaseIterable {
    case none = 0
    case partial = 3
    case full = 4

    /// A level by its word or number.
    public init?(code: String) {
        switch code {
        case "none", "0": self = .none
        case "partial", "3": self = .partial
        case "full", "4": self = .full
        default: return nil
        }
    }
}

/// National status codes of a dossier.
public enum DossierStatus: Int16, Sendable, Hashable, CaseIterable {
    case new = 1
    case received, notAccepted, processing, supplementRequested, paymentRequested, withdrawn, stopped, finished
    case resultReturned

    /// A status by its national code, 1 to 10.
    public init?(code: String) {
        guard let number = Int16(code), code.utf8.count <= 2 else { return nil }
        self.init(rawValue: number)
    }

    /// The statuses that may follow.
    public var successors: Set<DossierStatus> {
        switch self {
        case .new: [.received, .notAccepted, .supplementRequested]
        case .received: [.processing]
        case .processing: [.supplementRequested, .paymentRequested, .withdrawn, .stopped, .finished]
        case .supplementRequested: [.processing, .withdrawn, .stopped]
        case .paymentRequested: [.processing, .withdrawn, .finished]
        case .stopped: [.processing]
        case .finished: [.resultReturned]
        case .notAccepted, .withdrawn, .resultReturned: []
        }
    }
}

/// The grammar of dossier codes.
public enum CodeGrammar: Int16, Sendable, Hashable, CaseIterable {
    /// QĐ 20/2020 and its later forms.
    case vn = 1
    /// Any visible text: agencies outside the national tree.
    case opaque = 2

    /// The word.
    public var code: String { self == .vn ? "vn" : "opaque" }

    /// A grammar by its word; empty means `vn`.
    public init?(code: String) {
        switch code {
        case "", "vn": self = .vn
        case "opaque": self = .opaque
        default: return nil
        }
    }
}
