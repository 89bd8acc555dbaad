import Adoption
import ArgumentParser
import Dossiers
import Foundation
import IntakeProtocol
import PersonalData
import Settings
import Store
import Worker

struct QuarantineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quarantine", abstract: "Shows and replays what could not be stored · Hồ sơ bị giữ lại.",
        discussion: """
            hoso quarantine [--format table|json|csv]
            All options · Mọi tùy chọn: hoso quarantine list --help
            """,
        subcommands: [List.self, Show.self, ReplayCommand.self, Dismiss.self], defaultSubcommand: List.self)

    /// Which entries are meant.
    struct Choice: ParsableArguments {
        @Option(help: "Only entries of this sender (list: with --entries) · Điểm gửi.")
        var sender: String?
        @Option(help: "Only entries with this reason code, for example channel_unknown · Mã lý do.")
        var reason: String?
        @Option(help: "Only entries of this dossier · Mã hồ sơ.")
        var dossier: String?

        var selection: QuarantineTable.Selection {
            var selection = QuarantineTable.Selection()
            selection.sender = sender
            selection.reason = reason
            selection.dossier = dossier
            return selection
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Counts open entries by sender and reason, or lists them · Đếm hoặc liệt kê.")
        @OptionGroup var common: CommonOptions
        @OptionGroup var choice: Choice
        @Flag(help: "A line for every entry · Liệt kê từng bản ghi.")
        var entries = false
        @Flag(help: "With --entries: also those that were corrected or replayed · Cả bản ghi đã xử lý.")
        var closed = false
        @Option(help: "Entries that are listed at most · Số dòng tối đa.")
        var limit = 1_000
        @Option(help: "table, json or csv · Dạng kết quả.")
        var format = OutputFormat.table

        func validate() throws {
            guard (1...100_000).contains(limit) else { throw ValidationError("--limit: 1 … 100000.") }
            let isNarrowed = choice.selection != QuarantineTable.Selection() || closed
            guard entries || !isNarrowed else {
                throw ValidationError("--sender, --reason, --dossier, --closed: only with --entries.")
            }
        }

        func run() async throws {
            let settings = try common.settings()
            try await reportingErrors(in: settings.language) {
                if entries {
                    try await list(settings)
                } else {
                    try await count(settings)
                }
            }
        }

        private func count(_ settings: HosoSettings) async throws {
            let counts = try await DatabaseSession(settings.database("query", as: .read)).perform { connection in
                try await QuarantineTable(connection).counts()
            }
            let report = QuarantineReport(counts: counts)
            switch format {
            case .table: report.table(in: settings.language).forEach(Console.line)
            case .json: Console.line(report.json)
            case .csv: report.csv.forEach(Console.line)
            }
        }

        private func list(_ settings: HosoSettings) async throws {
            var selection = choice.selection
            selection.includesClosed = closed
            let (chosen, limit) = (selection, limit)
            let found = try await DatabaseSession(settings.database("query", as: .read)).perform { connection in
                try await QuarantineTable(connection).entries(chosen, limit: limit + 1)
            }
            let report = QuarantineEntriesReport(entries: Array(found.prefix(limit)), zone: settings.zone)
            switch format {
            case .table:
                report.table(in: settings.language).forEach(Console.line)
                if found.count > limit {
                    Console.line(settings.language.choose("… còn nữa (--limit)", "… and more (--limit)"))
                }
            case .json: Console.line(report.json)
            case .csv: report.csv.forEach(Console.line)
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows an entry, its reasons and what was done about it · Xem một bản ghi.",
            discussion: "Personal data stays hidden · Dữ liệu cá nhân được che.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Number in the quarantine, or code of the dossier · Số thứ tự hoặc mã hồ sơ.")
        var entry: String
        @Option(help: "table or json · Dạng kết quả.")
        var format = PlainFormat.table

        func run() async throws {
            let settings = try common.settings()
            try await reportingErrors(in: settings.language) {
                var selection = QuarantineTable.Selection()
                selection.includesClosed = true
                if let id = Int64(entry) { selection.ids = [id] } else { selection.dossier = entry }
                let (chosen, who, vault) = (selection, operatorName, try settings.vault())
                let found = try await DatabaseSession(settings.database("query", as: .operations)).perform {
                    connection in
                    let table = QuarantineTable(connection)
                    var found: [(QuarantineTable.Entry, [QuarantineTable.Attempt])] = []
                    for entry in try await table.entries(chosen, limit: 100, withBodies: true) {
                        if entry.body != nil {
                            try await AccessAudit(connection).note(.read, of: [entry.subject], by: who)
                        }
                        found.append((entry, try await table.attempts(of: entry.id)))
                    }
                    return found
                }
                guard !found.isEmpty else {
                    let sentence = settings.language.choose(
                        "Không có bản ghi nào bị giữ lại với \(entry).", "Nothing in the quarantine is \(entry).")
                    Console.error("hoso: \(sentence)")
                    throw ExitCode(1)
                }
                let reports = try found.map { entry, attempts in
                    QuarantineEntryReport(
                        entry: entry, attempts: attempts, fields: try Self.fields(of: entry, vault), zone: settings.zone
                    )
                }
                switch format {
                case .json: Console.line("[" + reports.map(\.json).joined(separator: ",") + "]")
                case .table:
                    for (place, report) in reports.enumerated() {
                        if place > 0 { Console.line("") }
                        report.lines(in: settings.language).forEach(Console.line)
                    }
                }
            }
        }

        /// The fields that are not empty; personal ones only say that they are there.
        private static func fields(
            of entry: QuarantineTable.Entry, _ vault: Vault
        ) throws -> [(name: String, value: String)] {
            let type = ContentType(rawValue: UInt8(truncatingIfNeeded: entry.contentType)) ?? .none
            switch EntryContent(try entry.opened(by: vault), as: type) {
            case .intake(let submission), .correction(_, let submission):
                return Field.allCases.compactMap { field in
                    let text = submission[field]
                    guard !text.isEmpty else { return nil }
                    return (
                        field.rawValue, field.isPersonal ? "•••" : Fault(.missing, field, value: text).value ?? "•••"
                    )
                }
            default: return []
            }
        }
    }

    struct ReplayCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "replay",
            abstract: "Runs today's rules on open entries and stores what passes · Kiểm tra lại và lưu.",
            discussion: """
                With --dry-run nothing is changed: it says how many would pass and why the others fail. What passes is \
                counted once, and its entry is closed; who ran it is recorded.
                Với --dry-run không có gì thay đổi. Bản ghi đạt được lưu một lần và đóng lại; người chạy được ghi nhận.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var choice: Choice
        @Argument(help: "Numbers in the quarantine (default: all open entries) · Số thứ tự.")
        var numbers: [Int64] = []
        @Flag(help: "Change nothing · Chỉ thử, không thay đổi.")
        var dryRun = false
        @Option(help: "Entries per second at most · Tốc độ tối đa.")
        var rate = 200
        @Option(help: "table or json · Dạng kết quả.")
        var format = PlainFormat.table

        func validate() throws {
            guard (1...100_000).contains(rate) else { throw ValidationError("--rate: 1 … 100000.") }
        }

        func run() async throws {
            let settings = try common.settings()
            try await reportingErrors(in: settings.language) {
                var selection = choice.selection
                selection.ids = numbers
                let (chosen, isDry, rate) = (selection, dryRun, rate)
                let (who, words, language) = (operatorName, Self.words, settings.language)
                var configuration = try WorkerConfiguration(settings, vault: try settings.vault())
                configuration.database = try settings.database("replay", as: .operations)
                configuration.database.plans = .lookups
                let rules = configuration
                let session = try DatabaseSession(configuration.database)
                let report = try await interruptible { interruption in
                    try await session.perform { connection in
                        var replay = try await Replay(connection, rules)
                        let goesOn: (Replay.Report) -> Bool = { report in
                            if Console.isWatched {
                                Console.write("\r\(report.line(isDry: isDry, in: language))", to: .standardError)
                            }
                            return !interruption.isWanted
                        }
                        defer { if Console.isWatched { Console.write("\r\u{1B}[K", to: .standardError) } }
                        if isDry {
                            return try await replay.rehearse(chosen, byWhom: who, goesOn: goesOn)
                        }
                        return try await replay.run(chosen, byWhom: who, chosen: words, rate: rate, goesOn: goesOn)
                    }
                }
                if report.examined == 0, chosen != QuarantineTable.Selection() {
                    let sentence = language.choose(
                        "Không có bản ghi nào đang bị giữ lại như vậy.", "No open entry is like that.")
                    Console.error("hoso: \(sentence)")
                    throw ExitCode(1)
                }
                switch format {
                case .json: Console.line(report.json(isDry: dryRun))
                case .table: report.lines(isDry: dryRun, in: language).forEach(Console.line)
                }
                if report.isInterrupted {
                    Console.error("hoso: " + language.choose("đã ngắt", "interrupted"))
                    throw ExitCode(69)
                }
            }
        }

        /// The command as it was typed; options hold codes, never personal data.
        private static var words: String { CommandLine.arguments.dropFirst().joined(separator: " ") }
    }

    struct Dismiss: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Closes entries that nobody will correct, with the reason · Bỏ qua bản ghi.",
            discussion: """
                What they said is kept; it stays out of the figures. Who did it, and why, is recorded.
                Nội dung được giữ nguyên và không tính vào số liệu; người thực hiện và lý do được ghi nhận.
                """)
        @OptionGroup var common: CommonOptions
        @Argument(help: "Numbers in the quarantine · Số thứ tự.")
        var numbers: [Int64]
        @OptionGroup var why: Why

        func validate() throws {
            guard !numbers.isEmpty else { throw ValidationError("NUMBER …") }
        }

        func run() async throws {
            let settings = try common.settings()
            let language = settings.language
            try await reportingErrors(in: language) {
                let (ids, why, who) = (numbers, why.because, operatorName)
                let closed = try await DatabaseSession(settings.database("replay", as: .operations)).perform {
                    connection in
                    try await QuarantineTable(connection).dismiss(ids, byWhom: who, because: why)
                }
                for id in closed { Console.line(language.choose("Đã bỏ qua \(id).", "\(id) dismissed.")) }
                let others = Set(numbers).subtracting(closed).sorted()
                guard !others.isEmpty else { return }
                let list = others.map { "\($0)" }.joined(separator: ", ")
                Console.error("hoso: " + language.choose("không đang bị giữ lại: \(list)", "not open: \(list)"))
                throw ExitCode(1)
            }
        }
    }
}

extension Replay.Report {
    /// The counts in a sentence.
    fileprivate func line(isDry: Bool, in language: Language) -> String {
        let number: (Int) -> String = { Figures.grouped(Int64($0), language) }
        let waiting =
            busy == 0 ? "" : language.choose(", đang bận \(number(busy))", ", \(number(busy)) busy, to be run again")
        return counts(isDry, number, language) + waiting
    }

    private func counts(_ isDry: Bool, _ number: (Int) -> String, _ language: Language) -> String {
        switch (isDry, language) {
        case (true, .vietnamese):
            return "đã xem \(number(examined)): sẽ lưu \(number(stored)), trùng \(number(duplicate)), "
                + "vẫn bị giữ lại \(number(refused))"
        case (false, .vietnamese):
            return "đã xem \(number(examined)): đã lưu \(number(stored)), trùng \(number(duplicate)), "
                + "vẫn bị giữ lại \(number(refused))"
        case (true, .english):
            return "\(number(examined)) examined: \(number(stored)) would be stored, \(number(duplicate)) duplicate, "
                + "\(number(refused)) would still be refused"
        case (false, .english):
            return "\(number(examined)) examined: \(number(stored)) stored, \(number(duplicate)) duplicate, "
                + "\(number(refused)) still refused"
        }
    }

    private var sorted: [(key: Failure, value: Int)] {
        failures.sorted { ($1.value, $0.key.code, $0.key.field) < ($0.value, $1.key.code, $1.key.field) }
    }

    fileprivate func lines(isDry: Bool, in language: Language) -> [String] {
        let rows = sorted.map { failure, count in
            let sentence = FaultCode(rawValue: failure.code).map { Fault($0).sentence(in: language) } ?? failure.code
            return [sentence, failure.field, Figures.grouped(Int64(count), language)]
        }
        let header =
            language == .vietnamese ? ["Lý do", "Trường", "Số bản ghi"] : ["Reason", "Field", "Entries"]
        let table = rows.isEmpty ? [] : [""] + TextTable(header: header, rows: rows, leftColumns: 2).lines
        return [line(isDry: isDry, in: language)] + table
    }

    fileprivate func json(isDry: Bool) -> String {
        struct Reason: Encodable {
            let reason: String
            let field: String
            let entries: Int
        }
        struct Document: Encodable {
            let dryRun: Bool
            let examined: Int
            let stored: Int
            let duplicate: Int
            let refused: Int
            let busy: Int
            let interrupted: Bool
            let reasons: [Reason]
        }
        let document = Document(
            dryRun: isDry, examined: examined, stored: stored, duplicate: duplicate, refused: refused, busy: busy,
            interrupted: isInterrupted,
            reasons: sorted.map { Reason(reason: $0.key.code, field: $0.key.field, entries: $0.value) })
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = .sortedKeys
        return (try? encoder.encode(document)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
