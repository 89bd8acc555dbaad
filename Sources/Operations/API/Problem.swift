import Dossiers
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Something said in both languages.
struct Sentence: Sendable, Equatable {
    let vietnamese: String
    let english: String

    init(_ vietnamese: String, _ english: String) {
        self.vietnamese = vietnamese
        self.english = english
    }

    func text(in language: Language) -> String { language == .vietnamese ? vietnamese : english }
}

/// Why a question is not answered, as RFC 9457 has it told.
struct Problem: Error, Sendable {
    /// What is the matter; a program goes by it, so none ever changes its meaning.
    enum Kind: String, Sendable, CaseIterable {
        case malformed = "invalid-parameters"
        case unanswerable = "unanswerable"
        case unauthorized = "unauthorized"
        case forbidden = "forbidden"
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case notAcceptable = "not-acceptable"
        case tooMany = "too-many-requests"
        case unavailable = "unavailable"
        case failed = "internal-error"
    }

    /// A parameter and what is wrong with it.
    struct Fault: Sendable, Equatable {
        let name: String
        let reason: Sentence
    }

    let kind: Kind
    let detail: Sentence
    var faults: [Fault] = []
    var headers: HTTPFields = [:]

    init(_ kind: Kind, _ vietnamese: String, _ english: String, faults: [Fault] = [], headers: HTTPFields = [:]) {
        self.kind = kind
        detail = Sentence(vietnamese, english)
        self.faults = faults
        self.headers = headers
    }

    /// The answer that tells it.
    func response(in language: Language) -> Response {
        let body = Body(
            type: "urn:hoso:problem:\(kind.rawValue)", title: kind.title.text(in: language),
            status: kind.status.code, detail: detail.text(in: language),
            parameters: faults.isEmpty
                ? nil : faults.map { Body.Parameter(name: $0.name, reason: $0.reason.text(in: language)) })
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = (try? encoder.encode(body)) ?? Data()
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.contentLanguage] = language.rawValue
        headers[.cacheControl] = "no-store"
        return Response(
            status: kind.status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes + Data("\n".utf8))))
    }

    private struct Body: Encodable {
        struct Parameter: Encodable {
            let name: String
            let reason: String
        }

        let type: String
        let title: String
        let status: Int
        let detail: String
        let parameters: [Parameter]?
    }
}

extension Problem.Kind {
    /// The status of HTTP.
    var status: HTTPResponse.Status {
        switch self {
        case .malformed: .badRequest
        case .unanswerable: .unprocessableContent
        case .unauthorized: .unauthorized
        case .forbidden: .forbidden
        case .notFound: .notFound
        case .methodNotAllowed: .methodNotAllowed
        case .notAcceptable: .notAcceptable
        case .tooMany: .tooManyRequests
        case .unavailable: .serviceUnavailable
        case .failed: .internalServerError
        }
    }

    var title: Sentence {
        switch self {
        case .malformed: Sentence("Tham số không hợp lệ", "Invalid parameters")
        case .unanswerable: Sentence("Không trả lời được", "This cannot be answered")
        case .unauthorized: Sentence("Cần mã truy cập", "A token is needed")
        case .forbidden: Sentence("Không được phép", "Not allowed")
        case .notFound: Sentence("Không tìm thấy", "Not found")
        case .methodNotAllowed: Sentence("Phương thức không được hỗ trợ", "Method not allowed")
        case .notAcceptable: Sentence("Không có dạng dữ liệu được yêu cầu", "Not available in that format")
        case .tooMany: Sentence("Quá nhiều yêu cầu", "Too many requests")
        case .unavailable: Sentence("Tạm thời không trả lời được", "Not available at the moment")
        case .failed: Sentence("Lỗi nội bộ", "Internal error")
        }
    }
}
