import Dossiers
import Foundation
import HTTPTypes
package import Hummingbird
import Logging
import NIOCore
import Polling
import Postgres
import Store

/// The HTTP API below `/v1`, as `Schemas/openapi.yaml` describes it.
package struct APIRoutes: Sendable {
    private let context: OperationsContext
    private let gate: Gate

    /// The API.
    package init(_ context: OperationsContext, access: AccessPolicy = AccessPolicy()) {
        self.context = context
        gate = Gate(access, context.pool)
    }

    /// Whether whoever asks for something else, such as a page, may see figures of every unit.
    package func admits(_ request: Request) async -> Bool {
        guard let caller = try? await gate.admit(request) else { return false }
        return caller.units == nil
    }

    /// Adds it to a router.
    ///
    /// It takes whatever is below its path, so that also what it does not know is told as it tells everything else.
    package func add(to router: Router<BasicRequestContext>) {
        router.add(middleware: APIMiddleware(context: context, gate: gate))
    }
}

private struct APIMiddleware: RouterMiddleware {
    typealias Context = BasicRequestContext

    let context: OperationsContext
    let gate: Gate

    @concurrent func handle(
        _ request: Request, context router: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        let path = request.uri.path
        guard path == "/v1" || path.hasPrefix("/v1/") else { return try await next(request, router) }
        let language = Language(
            accepted: request.headers[values: .acceptLanguage].joined(separator: ","), standard: context.language)
        var response: Response
        do {
            response = try await answer(to: request, path, language)
        } catch {
            let problem = Self.problem(error)
            if problem.kind == .failed {
                router.logger.error("question failed", metadata: ["reason": "\(error)", "path": "\(path)"])
            }
            response = problem.response(in: language)
        }
        response.headers[.vary] = "Accept, Accept-Language, Authorization"
        response.headers[.xContentTypeOptions] = "nosniff"
        return request.method == .head ? response.createHeadResponse() : response
    }

    private func answer(to request: Request, _ path: String, _ language: Language) async throws -> Response {
        let caller = try await gate.admit(request)
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst(2).map { part in
            String(part).removingPercentEncoding ?? ""
        }
        let found = Endpoint.all.lazy.compactMap { endpoint in endpoint.value(in: parts).map { (endpoint, $0) } }.first
        guard let (endpoint, value) = found else {
            throw Problem(.notFound, "Không có địa chỉ này.", "There is no such address.")
        }
        guard request.method == .get || request.method == .head else {
            throw Problem(
                .methodNotAllowed, "Chỉ nhận GET và HEAD.", "Only GET and HEAD are allowed.",
                headers: [.allow: "GET, HEAD"])
        }
        try Self.check(caller, for: endpoint)
        var query = QueryReader(request.uri.query)
        let chosen = query.word("format", Format.init(rawValue:), endpoint.formats.map(\.rawValue))
        if let chosen, !endpoint.formats.contains(chosen) {
            query.complain("format", "không có ở đây", "is not available here")
        }
        let accept = request.headers[values: .accept].joined(separator: ",")
        let asked = Asked(
            format: chosen ?? Format.preferred(by: accept, among: endpoint.formats) ?? .json,
            isDownload: chosen == .csv,
            language: language, caller: caller, value: value,
            ifNoneMatch: request.headers[values: .ifNoneMatch].joined(separator: ",").nonEmpty,
            question: path + "?" + query.canonical, context: context)
        let work = try endpoint.read(&query, asked)
        try query.check()
        guard chosen != nil || Format.preferred(by: accept, among: endpoint.formats) != nil else {
            let types = endpoint.formats.map(\.type).joined(separator: ", ")
            throw Problem(.notAcceptable, "Chỉ có: \(types).", "There is only \(types).")
        }
        return response(try await context.pool.perform(work), to: request, asked, endpoint)
    }

    private static func check(_ caller: Caller, for endpoint: Endpoint) throws {
        if endpoint.role == .operations, caller.role != .operations {
            throw Problem(
                .forbidden, "Mã truy cập này không có vai trò operations.", "This token has not the role operations.")
        }
        if caller.units != nil, !endpoint.isLimitable {
            throw Problem(
                .forbidden, "Mã truy cập giới hạn theo đơn vị không xem được phần này.",
                "What is asked for is of the whole centre, and this token is for some units.")
        }
    }

    private func response(_ answer: Answer, to request: Request, _ asked: Asked, _ endpoint: Endpoint) -> Response {
        var headers: HTTPFields = [:]
        headers[.cacheControl] = answer.tag == nil ? "no-store" : "private, no-cache"
        headers[.eTag] = answer.tag.map { "W/\"\($0)\"" }
        if answer.isUnchanged { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = asked.format == .csv ? "text/csv; charset=utf-8" : asked.format.type
        if asked.isDownload || asked.format == .xlsx {
            let name = endpoint.path.filter { !$0.isEmpty }.joined(separator: "-")
            headers[.contentDisposition] = "attachment; filename=\"hoso-\(name).\(asked.format.rawValue)\""
        }
        if let next = answer.next, let link = HTTPField.Name("Link") {
            let others = (request.uri.query ?? "").split(separator: "&").filter { !$0.hasPrefix("cursor=") }
            let query = (others.map(String.init) + ["cursor=\(next)"]).joined(separator: "&")
            headers[link] = "<\(request.uri.path)?\(query)>; rel=\"next\""
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: answer.body))
    }

    /// What is told of an error: nothing that the database said.
    private static func problem(_ error: any Error) -> Problem {
        let isAway: Bool
        switch error {
        case let problem as Problem: return problem
        case let error as PostgresError: isAway = error.isRetriable
        default: isAway = error is PollingError
        }
        guard isAway else {
            return Problem(
                .failed, "Trung tâm gặp lỗi; xem nhật ký của hoso operations.",
                "Something went wrong; the log of hoso operations says what.")
        }
        return Problem(
            .unavailable, "Cơ sở dữ liệu tạm thời không trả lời.", "The database does not answer at the moment.",
            headers: [.retryAfter: "5"])
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
