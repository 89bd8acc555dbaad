import Adoption
import Dossiers
import Postgres
import Store

extension Endpoint {
    /// Answers `GET /v1/senders`.
    static let senders = Endpoint(path: ["senders"], role: .operations) { _, asked in
        { connection in
            let now = try await AdoptionLedger(connection).now()
            let report = SendersReport(
                try await CentreState.senders(connection), now: now, zone: asked.context.zone)
            return try asked.answer(json: report.json, csv: report.csv)
        }
    }

    /// Answers `GET /v1/reconciliation`: of one sender also the numbers behind each term, its chains and its days.
    static let reconciliation = Endpoint(path: ["reconciliation"], role: .operations) { query, asked in
        let sender = query.code("sender")
        return { connection in
            let balances = try await Reconciliation(connection).balances(of: sender)
            let open = try await QuarantineTable(connection).open()
            guard let sender else {
                let report = ReconciliationReport(balances: balances, open: open)
                return try asked.answer(json: report.json, csv: report.csv)
            }
            guard !balances.isEmpty else {
                throw Problem(.notFound, "Không có điểm gửi này.", "There is no such sender.")
            }
            let report = ReconciliationReport(
                balances: balances, detail: try await ReconciliationDetail(connection, of: sender),
                manifests: try await Manifests(connection).recent(of: sender), open: open)
            return try asked.answer(json: report.json, csv: report.csv)
        }
    }

    /// Answers `GET /v1/quarantine`: open entries by sender, reason and field.
    static let quarantine = Endpoint(path: ["quarantine"], role: .operations) { _, asked in
        { connection in
            let report = QuarantineReport(counts: try await QuarantineTable(connection).counts())
            return try asked.answer(json: report.json, csv: report.csv)
        }
    }

    /// Answers `GET /v1/quarantine/entries`.
    static let quarantineEntries = Endpoint(path: ["quarantine", "entries"], role: .operations) { query, asked in
        var selection = QuarantineTable.Selection()
        selection.sender = query.code("sender")
        selection.reason = query.code("reason")
        selection.dossier = query.code("dossier")
        selection.includesClosed = query.flag("closed") ?? false
        let limit = query.integer("limit", in: 1...1_000, standard: 100)
        let question = [
            "quarantine", selection.sender ?? "", selection.reason ?? "", selection.dossier ?? "",
            "\(selection.includesClosed)",
        ].joined(separator: "\n")
        let place = query.cursor("cursor", of: question).flatMap { $0.parts.first.flatMap { Int64($0) } }
        let chosen = selection
        return { connection in
            let entries = try await QuarantineTable(connection).entries(chosen, after: place ?? 0, limit: limit + 1)
            let page = Array(entries.prefix(limit))
            let next = entries.count > limit ? page.last.map { Cursor(["\($0.id)"]).text(of: question) } : nil
            let report = QuarantineEntriesReport(entries: page, zone: asked.context.zone)
            return try asked.answer(json: report.page(next: next), csv: report.csv, next: next)
        }
    }

    /// Answers `GET /v1/trace/{code}`.
    static let trace = Endpoint(path: ["trace", ""], isLimitable: true) { _, asked in
        { connection in
            let missing = Problem(
                .notFound, "Trung tâm chưa nhận hồ sơ nào có mã này.", "The centre has never heard of this dossier.")
            guard QueryReader.isCode(asked.value) else { throw missing }
            let trace = Trace(connection)
            if asked.caller.units != nil {
                // Of what is not stored nobody knows whose it is.
                guard let unit = try await trace.unit(of: asked.value), asked.caller.mayAsk(of: unit) else {
                    throw missing
                }
            }
            let events = try await trace.events(of: asked.value)
            guard !events.isEmpty else { throw missing }
            let report = TraceReport(code: asked.value, events: events, zone: asked.context.zone)
            return try asked.answer(json: report.document(codesOnly: true), csv: report.csv)
        }
    }

    /// Answers `GET /v1/surveys`.
    static let surveys = Endpoint(path: ["surveys"]) { _, asked in
        { connection in
            let report = SurveysReport(try await SurveyState(connection), zone: asked.context.zone)
            return try asked.answer(json: report.json, csv: report.csv)
        }
    }
}
