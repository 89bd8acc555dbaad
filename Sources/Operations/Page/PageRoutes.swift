import Adoption
import Dossiers
import HTTPTypes
package import Hummingbird
import Logging
import NIOCore
import Postgres
import ServiceLifecycle
import Store

/// The pages for people: rates, the dossiers behind them, and the senders.
///
/// Each is whole without a script, asks no other host for anything, and says no personal data.
package struct PageRoutes: Sendable {
    private let context: OperationsContext
    private let watch: FigureWatch
    private let admits: @Sendable (Request) async -> Bool

    /// Pages of what a context reads.
    /// - Parameter admits: whether whoever asks may see figures of every unit; others are told that they may not.
    package init(
        _ context: OperationsContext, admits: @escaping @Sendable (Request) async -> Bool = { _ in true }
    ) {
        self.context = context
        self.admits = admits
        watch = FigureWatch(context.pool)
    }

    /// Adds them to a router.
    package func add(to router: Router<BasicRequestContext>) {
        router.get("/") { request, route in await adoption(request, route, .everything) }
        router.get("/units/:code") { request, route in
            await adoption(request, route, .unit(Self.code(route.parameters.get("code"))))
        }
        router.get("/procedures/:code") { request, route in
            await adoption(request, route, .procedure(Self.code(route.parameters.get("code"))))
        }
        router.get("/dossiers") { request, route in await dossiers(request, route) }
        router.get("/senders") { request, route in await senders(request, route) }
        router.get("/events") { request, _ in
            await admits(request) ? events() : Response(status: .forbidden)
        }
        router.get("/assets/:name") { _, route in asset(route.parameters.get("name")) }
        router.get("**") { request, _ -> Response in
            // What programs ask for is not answered with a page.
            guard !Self.machinePaths.contains(where: { request.uri.path.hasPrefix($0) }) else {
                throw HTTPError(.notFound)
            }
            return nothing(request)
        }
    }

    private static let machinePaths = ["/v1", "/health", "/metrics", "/assets", "/events"]

    private static func code(_ parameter: String?) -> String {
        PageQuestion.code(PageQuestion.decoded((parameter ?? "")[...]) ?? "")
    }

    // MARK: Pages

    private func adoption(
        _ request: Request, _ route: BasicRequestContext, _ subject: AdoptionPage.Subject
    ) async -> Response {
        await answer(request, route, subject.path) { asked, text in
            let question = AdoptionPage.question(asked, about: subject)
            let zone = context.zone
            let figures = try await context.pool.perform { connection in
                try await PageFigures(question, zone: zone, on: connection)
            }
            let page = AdoptionPage(subject: subject, asked: asked, figures: figures, text: text, zone: zone)
            return Sheet(title: page.title, main: PageTemplates.render("adoption", page.fields), isLive: true)
        }
    }

    private func dossiers(_ request: Request, _ route: BasicRequestContext) async -> Response {
        await answer(request, route, "/dossiers") { asked, text in
            let zone = context.zone
            let findings = try await context.pool.perform { connection in
                try await DossierPage.Findings(asked, zone: zone, on: connection)
            }
            let page = DossierPage(question: asked, findings: findings, text: text)
            return Sheet(title: page.title, main: PageTemplates.render("dossiers", page.fields))
        }
    }

    private func senders(_ request: Request, _ route: BasicRequestContext) async -> Response {
        await answer(request, route, "/senders") { _, text in
            let (state, outstanding) = try await context.pool.perform { connection in
                let now = try await AdoptionLedger(connection).now()
                let state = try await CentreState(connection)
                return (
                    state, Outstanding(state, grants: try await SenderGrants(connection).all(), now: now)
                )
            }
            let list = SenderList(state.senders, outstanding, text: text, zone: context.zone)
            let title = text.say("Điểm gửi", "Senders")
            let count = text.number(outstanding.entries)
            let lead = text.say(
                "\(outstanding.silent.count) trên \(outstanding.senders) điểm gửi im lặng; nhiều nhất \(count) hồ sơ chưa đến.",
                "\(outstanding.silent.count) of \(outstanding.senders) senders are silent; at most \(count) dossiers are "
                    + "outstanding.")
            let fields: Fields = [
                "heading1": title, "lead": lead, "sendersHeading": text.say("Danh sách", "List"),
                "senders": list.table.fields,
            ]
            return Sheet(title: title, main: PageTemplates.render("senders", fields))
        }
    }

    // MARK: What every page has

    /// The inner part of a page.
    private struct Sheet {
        let title: String
        let main: String
        var isLive = false
        /// Seconds after which a browser asks again by itself.
        var refresh: Int?
    }

    private func answer(
        _ request: Request, _ route: BasicRequestContext, _ path: String,
        _ work: (PageQuestion, PageText) async throws -> Sheet
    ) async -> Response {
        let accepted = Language(accepted: request.headers[.acceptLanguage]) ?? context.language
        do throws(PageQuestion.Refusal) {
            let asked = try PageQuestion(query: request.uri.query)
            let text = PageText(language: asked.language ?? accepted)
            guard await admits(request) else { return response(.forbidden, turnedAway(text), asked, text, path) }
            do {
                return response(.ok, try await work(asked, text), asked, text, path)
            } catch let error as PostgresError where error.isRetriable {
                return response(.serviceUnavailable, away(text), asked, text, path)
            } catch {
                // The pattern of the path: what somebody typed into an address is not for logs.
                let pattern = route.endpointPath ?? "unknown"
                route.logger.error("page failed", metadata: ["reason": "\(error)", "path": "\(pattern)"])
                return response(.internalServerError, failed(text), asked, text, path)
            }
        } catch {
            let text = PageText(language: accepted)
            return response(.badRequest, refused(error, text), PageQuestion(), text, path)
        }
    }

    private func away(_ text: PageText) -> Sheet {
        problem(
            text.say("Chưa đọc được cơ sở dữ liệu", "The database is away"),
            text.say(
                "Cơ sở dữ liệu của trung tâm tạm thời không trả lời. Hồ sơ vẫn nằm an toàn ở điểm gửi cho đến khi được lưu.",
                "The centre's database does not answer for now. Dossiers stay with their senders until they are stored."
            ),
            text.say("Trang này tự thử lại sau mỗi 10 giây.", "This page tries again every 10 seconds."), text,
            refresh: 10)
    }

    private func turnedAway(_ text: PageText) -> Sheet {
        problem(
            text.say("Không được phép xem", "You may not see this"),
            text.say(
                "Trang này chỉ dành cho người vận hành trên máy này hoặc đã đăng nhập.",
                "This page is for operators on this machine, or who have signed in."), nil, text)
    }

    private func failed(_ text: PageText) -> Sheet {
        problem(
            text.say("Không lập được trang này", "This page could not be made"),
            text.say(
                "Câu hỏi tới cơ sở dữ liệu không thành công; xem nhật ký của hoso operations.",
                "A question to the database failed; see the log of hoso operations."), nil, text)
    }

    private func nothing(_ request: Request) -> Response {
        let text = PageText(language: Language(accepted: request.headers[.acceptLanguage]) ?? context.language)
        let sheet = problem(
            text.say("Không có trang này", "There is no such page"),
            text.say("Địa chỉ này không dẫn đến trang nào.", "This address leads to no page."), nil, text)
        return response(.notFound, sheet, PageQuestion(), text, "/")
    }

    private func refused(_ refusal: PageQuestion.Refusal, _ text: PageText) -> Sheet {
        let sentence =
            switch refusal {
            case .parameter(let name):
                text.say(
                    "Không hiểu giá trị của “\(name)” trong địa chỉ.", "The address has a “\(name)” that is not known.")
            case .reversedDays:
                text.say("Ngày cuối phải không trước ngày đầu.", "The last day must not be before the first one.")
            }
        return problem(text.say("Địa chỉ không đúng", "This address is not right"), sentence, nil, text)
    }

    private func problem(
        _ title: String, _ sentence: String, _ advice: String?, _ text: PageText, refresh: Int? = nil
    ) -> Sheet {
        var fields: Fields = [
            "heading1": title, "lead": sentence, "homeLink": "/",
            "homeWord": text.say("Về trang đầu", "To the first page"),
        ]
        fields["advice"] = advice
        return Sheet(title: title, main: PageTemplates.render("problem", fields), refresh: refresh)
    }

    private func response(
        _ status: HTTPResponse.Status, _ sheet: Sheet, _ asked: PageQuestion, _ text: PageText, _ path: String
    ) -> Response {
        let other: Language = text.language == .vietnamese ? .english : .vietnamese
        let plain = PageQuestion(language: asked.language)
        let places: [Fields] = [
            place(plain.link("/"), text.say("Tỷ lệ", "Rates"), path == "/"),
            place(plain.link("/dossiers"), text.say("Hồ sơ", "Dossiers"), path == "/dossiers"),
            place(plain.link("/senders"), text.say("Điểm gửi", "Senders"), path == "/senders"),
        ]
        var fields: Fields = [
            "language": text.language.rawValue, "pageTitle": sheet.title, "main": sheet.main, "places": places,
            "iconPath": PageAsset.icon.path, "stylePath": PageAsset.style.path, "homeLink": plain.link("/"),
            "skipWord": text.say("Đến phần nội dung", "Skip to the content"),
            "navigationWord": text.say("Các trang", "Pages"),
            "otherLink": asked.with { $0.language = other }.link(path), "otherLanguage": other.rawValue,
            "otherWord": other == .english ? "English" : "Tiếng Việt",
            "footWord": "\(context.program) · "
                + text.say("Trang này không có dữ liệu cá nhân.", "This page has no personal data."),
        ]
        if sheet.isLive { fields["scriptPath"] = PageAsset.script.path }
        fields["refreshSeconds"] = sheet.refresh.map { String($0) }
        var headers = Self.safe
        headers[.contentType] = "text/html; charset=utf-8"
        headers[.contentLanguage] = text.language.rawValue
        headers[.vary] = "Accept-Language"
        headers[.cacheControl] = "no-cache"
        if let refresh = sheet.refresh { headers[.retryAfter] = String(refresh) }
        return Response(
            status: status, headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: PageTemplates.render("layout", fields))))
    }

    private func place(_ link: String, _ word: String, _ isHere: Bool) -> Fields {
        ["placeLink": link, "placeWord": word, "isHere": isHere]
    }

    /// A page loads what it needs from here, and nothing else gets into it.
    private static let safe: HTTPFields = {
        var fields: HTTPFields = [
            .contentSecurityPolicy:
                "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; "
                + "base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
            .xContentTypeOptions: "nosniff",
        ]
        if let name = HTTPField.Name("Referrer-Policy") { fields[name] = "same-origin" }
        return fields
    }()

    // MARK: Files and events

    private func asset(_ name: String?) -> Response {
        guard let asset = PageAsset.all.first(where: { $0.name == name }) else { return Response(status: .notFound) }
        var headers = Self.safe
        headers[.contentType] = asset.type
        headers[.cacheControl] = "public, max-age=31536000, immutable"
        return Response(
            status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
    }

    /// A line whenever figures have moved, for half an hour; then the browser asks anew.
    private func events() -> Response {
        var headers = Self.safe
        headers[.contentType] = "text/event-stream; charset=utf-8"
        headers[.cacheControl] = "no-store"
        return Response(
            status: .ok, headers: headers,
            body: ResponseBody { [watch] writer in
                guard await watch.join() else {
                    try await writer.write(ByteBuffer(string: "retry: 60000\n\n"))
                    return try await writer.finish(nil)
                }
                do {
                    try await writer.write(ByteBuffer(string: "retry: 3000\n\n"))
                    var known: String?
                    for second in 0..<1_800 {
                        if Task.isShuttingDownGracefully { break }
                        let cursor = await watch.current()
                        if let cursor, cursor != known {
                            try await writer.write(ByteBuffer(string: "data: \(cursor)\n\n"))
                            known = cursor
                        } else if second.isMultiple(of: 15) {
                            // Nobody is told that a browser has gone but by writing to it.
                            try await writer.write(ByteBuffer(string: ":\n\n"))
                        }
                        try await Task.sleep(for: .seconds(1))
                    }
                    try await writer.finish(nil)
                } catch {
                    await watch.leave()
                    throw error
                }
                await watch.leave()
            })
    }
}
