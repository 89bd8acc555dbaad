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

    private let messages: [WireReason]

    /// The reasons of a receipt.
    ///
    /// A sentence that this version would write in the same words is left out: in a spool that is nearly full there
    /// must be room for the reasons of everything in it.
    init(_ messages: [WireReason]) {
        self.messages = messages.map { message in
            guard let fault = Self.fault(of: message), message.vietnamese == fault.sentence(in: .vietnamese),
                message.english == fault.sentence(in: .english)
            else { return message }
            var bare = message
            bare.vietnamese = ""
            bare.english = ""
            return bare
        }
    }

    init(_ fault: RowFault) { self.init(code: fault.code, field: fault.field, sentence: fault.sentence) }

    init(_ fault: Fault) { self.init(code: fault.code.rawValue, field: fault.field, sentence: fault.sentence) }

    /// The rest of a file cannot be read.
    init(_ error: MappingError) { self.init(code: error.code.rawValue, field: "", sentence: error.sentence) }

    private init(code: String, field: String, sentence: (Language) -> String) {
        var message = WireReason()
        message.code = code
        message.field = field
        message.vietnamese = sentence(.vietnamese)
        message.english = sentence(.english)
        self.init([message])
    }

    private static func fault(of message: WireReason) -> Fault? {
        FaultCode(rawValue: message.code).map { code in
            Fault(code, path: message.field, value: message.value.isEmpty ? nil : message.value)
        }
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
            // Sentences are left out here, or by a centre that had too much to say; the code says the same.
            let fault = Self.fault(of: message)
            return Reason(
                code: message.code, field: message.field,
                vietnamese: message.vietnamese.isEmpty
                    ? fault?.sentence(in: .vietnamese) ?? message.code : message.vietnamese,
                english: message.english.isEmpty ? fault?.sentence(in: .english) ?? message.code : message.english)
        }
    }
}
