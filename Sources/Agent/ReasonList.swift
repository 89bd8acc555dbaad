package import Dossiers
import IntakeProtocol
import Mapping
import SwiftProtobuf
import WireMessages

/// Reasons for a quarantined or unreadable row, as they are kept in the spool: a JSON object with one list.
package struct ReasonList: Sendable {
    /// One reason, in the words for people.
    package struct Reason: Sendable {
        /// Stable code.
        package let code: String
        /// Path of the field, or empty.
        package let field: String
        /// A sentence in Vietnamese.
        package let vietnamese: String
        /// A sentence in English.
        package let english: String

        /// The sentence in a language.
        package func sentence(in language: Language) -> String { language == .vietnamese ? vietnamese : english }
    }

    let messages: [WireReason]

    init(_ messages: [WireReason]) { self.messages = messages }

    init(_ fault: RowFault) {
        var message = WireReason()
        message.code = fault.code
        message.field = fault.field
        message.vietnamese = fault.sentence(in: .vietnamese)
        message.english = fault.sentence(in: .english)
        self.init([message])
    }

    init(_ fault: Fault) {
        var message = WireReason()
        message.code = fault.code.rawValue
        message.field = fault.field
        message.vietnamese = fault.sentence(in: .vietnamese)
        message.english = fault.sentence(in: .english)
        self.init([message])
    }

    /// Reads what ``json`` wrote.
    package init(json: [UInt8]) {
        messages = (try? WireVerdict(body: json, as: .json))?.reasons ?? []
    }

    /// The list as it is kept.
    var json: [UInt8] {
        guard !messages.isEmpty else { return [] }
        var verdict = WireVerdict()
        verdict.reasons = messages
        return (try? verdict.encoded(as: .json)) ?? []
    }

    /// The reasons.
    package var reasons: [Reason] {
        messages.map { message in
            // A centre that had too much to say leaves the sentences out; the code says the same.
            let fault = FaultCode(rawValue: message.code).map { Fault($0, path: message.field) }
            return Reason(
                code: message.code, field: message.field,
                vietnamese: message.vietnamese.isEmpty
                    ? fault?.sentence(in: .vietnamese) ?? message.code : message.vietnamese,
                english: message.english.isEmpty ? fault?.sentence(in: .english) ?? message.code : message.english)
        }
    }
}
