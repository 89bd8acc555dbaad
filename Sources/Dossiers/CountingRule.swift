/// Why a dossier counts as it does in a rate.
public enum CountingRule: String, Sendable, CaseIterable, Comparable {
    /// Handed in through the channel whose share is asked for.
    case ofTheChannel = "of_the_channel"
    /// Handed in through another channel.
    case ofAnotherChannel = "of_another_channel"
    /// Online, and its procedure is offered online.
    case onlineOffered = "online_offered"
    /// In person, though its procedure is offered online.
    case inPersonOffered = "in_person_offered"
    /// By post, which Decision 766 leaves out.
    case postalLeftOut = "postal_left_out"
    /// Its procedure is not offered online.
    case notOfferedOnline = "not_offered_online"
    /// Its result went back by post.
    case returnedByPost = "returned_by_post"
    /// Its result went back another way.
    case returnedOtherwise = "returned_otherwise"
    /// Its result has not been returned.
    case notReturned = "not_returned"
    /// Finished on its due date or before.
    case inTime = "in_time"
    /// Finished after its due date.
    case late
    /// It has no due date.
    case withoutDueDate = "without_due_date"
    /// Not finished.
    case notFinished = "not_finished"

    /// Where a dossier counts.
    public enum Place: String, Sendable, CaseIterable {
        /// In numerator and denominator.
        case numerator
        /// In the denominator only.
        case denominator
        /// In neither.
        case leftOut = "left_out"
    }

    /// Where a dossier counts to which the rule applies.
    public var place: Place {
        switch self {
        case .ofTheChannel, .onlineOffered, .returnedByPost, .inTime: .numerator
        case .ofAnotherChannel, .inPersonOffered, .returnedOtherwise, .late: .denominator
        case .postalLeftOut, .notOfferedOnline, .notReturned, .withoutDueDate, .notFinished: .leftOut
        }
    }

    /// In the order of their declaration.
    public static func < (left: CountingRule, right: CountingRule) -> Bool {
        (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }

    /// What it says to people.
    public func sentence(in language: Language) -> String {
        switch (self, language) {
        case (.ofTheChannel, .vietnamese): "nộp theo hình thức được hỏi"
        case (.ofAnotherChannel, .vietnamese): "nộp theo hình thức khác"
        case (.onlineOffered, .vietnamese): "nộp trực tuyến, thủ tục có dịch vụ trực tuyến"
        case (.inPersonOffered, .vietnamese): "nộp trực tiếp dù thủ tục có dịch vụ trực tuyến"
        case (.postalLeftOut, .vietnamese): "nộp qua bưu chính: QĐ 766 không tính"
        case (.notOfferedOnline, .vietnamese): "thủ tục chưa có dịch vụ trực tuyến"
        case (.returnedByPost, .vietnamese): "trả kết quả qua bưu chính"
        case (.returnedOtherwise, .vietnamese): "trả kết quả theo cách khác"
        case (.notReturned, .vietnamese): "chưa trả kết quả"
        case (.inTime, .vietnamese): "xong trước hoặc đúng hạn"
        case (.late, .vietnamese): "xong sau hạn"
        case (.withoutDueDate, .vietnamese): "không có ngày hẹn trả"
        case (.notFinished, .vietnamese): "chưa xong"
        case (.ofTheChannel, .english): "handed in through the channel that is asked for"
        case (.ofAnotherChannel, .english): "handed in through another channel"
        case (.onlineOffered, .english): "online, and the procedure is offered online"
        case (.inPersonOffered, .english): "in person, though the procedure is offered online"
        case (.postalLeftOut, .english): "by post, which Decision 766 leaves out"
        case (.notOfferedOnline, .english): "the procedure is not offered online"
        case (.returnedByPost, .english): "result returned by post"
        case (.returnedOtherwise, .english): "result returned another way"
        case (.notReturned, .english): "result not returned"
        case (.inTime, .english): "finished on the due date or before"
        case (.late, .english): "finished after the due date"
        case (.withoutDueDate, .english): "no due date"
        case (.notFinished, .english): "not finished"
        }
    }
}

/// What a rate needs to know of a dossier.
public struct CountedFacts: Sendable, Hashable {
    /// How it was handed in.
    public let channel: Channel
    /// Whether its procedure is offered online.
    public let isOffered: Bool
    /// Whether its result has been returned.
    public let isReturned: Bool
    /// Whether its result is to go back by post.
    public let returnsByPost: Bool
    /// 0 unfinished, 1 finished without due date, 2 early, 3 on the day, 4 late.
    public let timeliness: Int16

    /// Facts of a dossier.
    public init(channel: Channel, isOffered: Bool, isReturned: Bool, returnsByPost: Bool, timeliness: Int16) {
        self.channel = channel
        self.isOffered = isOffered
        self.isReturned = isReturned
        self.returnsByPost = returnsByPost
        self.timeliness = timeliness
    }

    /// The tally of this one dossier.
    public var tally: Tally {
        var tally = Tally()
        tally.dossiers = 1
        tally.offered = isOffered ? 1 : 0
        tally.returned = isReturned ? 1 : 0
        tally.returnedByPost = isReturned && returnsByPost ? 1 : 0
        tally.finished = timeliness >= 1 ? 1 : 0
        tally.early = timeliness == 2 ? 1 : 0
        tally.onTheDay = timeliness == 3 ? 1 : 0
        tally.late = timeliness == 4 ? 1 : 0
        return tally
    }
}

extension Metric {
    /// The rule by which a dossier counts in this rate.
    /// - Parameter channel: whose share is asked for, in `share_of_all`.
    public func rule(for facts: CountedFacts, channel: Channel = .online) -> CountingRule {
        switch self {
        case .shareOfAll: return facts.channel == channel ? .ofTheChannel : .ofAnotherChannel
        case .postalSubmit: return facts.channel == .postal ? .ofTheChannel : .ofAnotherChannel
        case .online766:
            guard facts.channel != .postal else { return .postalLeftOut }
            guard facts.isOffered else { return .notOfferedOnline }
            return facts.channel == .online ? .onlineOffered : .inPersonOffered
        case .postalReturn:
            guard facts.isReturned else { return .notReturned }
            return facts.returnsByPost ? .returnedByPost : .returnedOtherwise
        case .onTime:
            return switch facts.timeliness {
            case 2, 3: .inTime
            case 4: .late
            case 1: .withoutDueDate
            default: .notFinished
            }
        }
    }
}
