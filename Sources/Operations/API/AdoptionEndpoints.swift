import Adoption
import Dossiers
import NIOCore
import Postgres
import Store

extension Endpoint {
    /// Most tallies of one answer: more would be of no use to anybody, and of harm to everybody else.
    static let mostTallies = 200_000

    /// Answers `GET /v1/adoption`.
    static let adoption = Endpoint(path: ["adoption"], isLimitable: true, formats: [.json, .csv, .xlsx]) {
        query, asked in
        let metric = query.metric()
        let dimensions =
            query.words("by", Dimension.init(rawValue:), Dimension.allCases.map(\.rawValue)) ?? [.month]
        let scope = try query.scope("from", "to", asked.caller)
        let moment = query.moment("as_of", in: asked.context.zone)
        return { connection in
            if let moment { try await past(moment, "as_of", connection) }
            // What the answer depends on is read before it is: should more come in between, it is told as new once more.
            let cursor = try await Fold(connection).cursor()
            let caller = asked.caller
            let outstanding =
                moment == nil ? try await Outstanding.read(connection, concerns: { caller.mayKnow(of: $0) }) : nil
            let tag = Digest.short(
                of: [
                    asked.context.program, asked.question, asked.format.rawValue, "\(asked.isDownload)",
                    asked.format == .xlsx ? asked.language.rawValue : "", scope.units.joined(separator: " "), cursor,
                    outstanding?.fingerprint ?? "",
                ].joined(separator: "\n"))
            if asked.has(tag) { return asked.unchanged(tag) }
            let report = try await AdoptionReport.read(
                connection, metric, scope, by: dimensions, asOf: moment, in: asked.context.zone,
                limit: mostTallies + 1, outstanding: outstanding)
            guard report.rows.reduce(0, { $0 + $1.channels.count }) <= mostTallies else {
                throw Problem(
                    .unanswerable, "Kết quả quá dài.", "The answer would be too long.",
                    faults: [
                        Problem.Fault(
                            name: "by",
                            reason: Sentence(
                                "hãy bớt chiều hoặc rút ngắn thời gian", "ask for fewer dimensions or a shorter time"))
                    ])
            }
            return try asked.answer(
                json: try report.json(), csv: report.csv(), sheet: report.sheet(in: asked.language), tag: tag)
        }
    }

    /// Answers `GET /v1/adoption/explain`.
    static let explain = Endpoint(
        path: ["adoption", "explain"], isLimitable: true, formats: [.json, .csv, .xlsx]
    ) { query, asked in
        let metric = query.metric()
        let channel = query.word("channel", Channel.init(code:), Channel.allCases.map(\.code)) ?? .online
        let scope = try query.scope("from", "to", asked.caller)
        let asOf = query.moment("as_of", in: asked.context.zone)
        let limit = query.integer("limit", in: 1...10_000, standard: 100)
        let question = [
            metric.rawValue, channel.code, scope.from?.description ?? "", scope.to?.description ?? "",
            scope.units.joined(separator: " "), asOf.map { "\($0)" } ?? "",
        ].joined(separator: "\n")
        let place = query.cursor("cursor", of: question).flatMap(ExplainedPlace.init)
        return { connection in
            if let asOf { try await past(asOf, "as_of", connection) }
            // All pages are of the moment of the first.
            let now = try await AdoptionLedger(connection).now()
            let moment = place?.moment ?? asOf ?? now
            let (report, next) = try await ExplanationReport.read(
                connection, metric, channel: channel, scope, asOf: moment, limit: limit,
                after: place.map { ($0.day, $0.code) }, isWhole: asked.caller.units == nil)
            let cursor = next.map { ExplainedPlace(moment: moment, day: $0.day, code: $0.code).text(of: question) }
            return try asked.answer(
                json: report.page(asOf: moment, in: asked.context.zone, next: cursor), csv: report.csv,
                sheet: report.sheet(in: asked.language), next: cursor)
        }
    }

    /// Answers `GET /v1/adoption/diff`.
    static let diff = Endpoint(path: ["adoption", "diff"], isLimitable: true) { query, asked in
        let metric = query.metric()
        let channel = query.word("channel", Channel.init(code:), Channel.allCases.map(\.code)) ?? .online
        let start = query.moment("from", in: asked.context.zone)
        let end = query.moment("to", in: asked.context.zone)
        let scope = try query.scope("received_from", "received_to", asked.caller)
        let limit = query.integer("limit", in: 1...10_000, standard: 1_000)
        guard let start else {
            if query.one("from") == nil { query.complain("from", "phải có", "is needed") }
            return { _ in throw Problem(.failed, "", "") }
        }
        if let end, end <= start { query.regret("to", "phải sau from", "must be after from") }
        return { connection in
            try await past(start, "from", connection)
            if let end { try await past(end, "to", connection) }
            let now = try await AdoptionLedger(connection).now()
            let report = try await RestatementReport.read(
                connection, metric, channel: channel, scope, from: start, to: end ?? now, in: asked.context.zone,
                limit: limit)
            return try asked.answer(json: report.json, csv: report.csv)
        }
    }

    /// A moment to come has no figures yet.
    static func past(_ moment: Int64, _ name: String, _ connection: Connection) async throws {
        guard try await AdoptionLedger(connection).now() < moment else { return }
        throw Problem(
            .unanswerable, "Thời điểm còn ở tương lai.", "The time is still to come.",
            faults: [
                Problem.Fault(name: name, reason: Sentence("còn ở tương lai", "is still to come"))
            ])
    }
}

/// The dossier after which a page of an explanation begins, and the moment of all its pages.
private struct ExplainedPlace {
    let moment: Int64
    let day: Day
    let code: String

    init(moment: Int64, day: Day, code: String) {
        self.moment = moment
        self.day = day
        self.code = code
    }

    init?(_ cursor: Cursor) {
        guard cursor.parts.count == 3, let moment = Int64(cursor.parts[0]), let day = Day(iso8601: cursor.parts[1])
        else { return nil }
        self.init(moment: moment, day: day, code: cursor.parts[2])
    }

    func text(of question: String) -> String { Cursor(["\(moment)", day.description, code]).text(of: question) }
}

extension Asked {
    /// Whether whoever asks has the answer of a tag (RFC 9110, 13.1.2: the weak comparison).
    func has(_ tag: String) -> Bool {
        guard let ifNoneMatch else { return false }
        return ifNoneMatch.split(separator: ",").contains { part in
            var text = part.trimmingPrefix(while: \.isWhitespace)
            if text.hasPrefix("W/") { text = text.dropFirst(2) }
            while text.last?.isWhitespace == true { text.removeLast() }
            return text == "*" || text == "\"\(tag)\""
        }
    }

    /// That it is so.
    func unchanged(_ tag: String) -> Answer { Answer(body: .init(), tag: tag, isUnchanged: true) }
}
