import Adoption
import ArgumentParser
import Dossiers
import Operations
import Settings
import Store

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Makes, lists and revokes tokens of the HTTP API · Mã truy cập HTTP API.",
        subcommands: [Create.self, List.self, Revoke.self], defaultSubcommand: List.self)

    /// The name of a token.
    struct Name: ParsableArguments {
        @Argument(help: "Name of the token: 1 … 64 characters · Tên mã truy cập.")
        var name: String

        func validate() throws {
            let isName =
                (1...64).contains(name.count)
                && name.unicodeScalars.allSatisfy { $0.value > 32 && !(127...160).contains($0.value) }
            guard isName else {
                throw ValidationError("NAME: 1 … 64 characters without spaces · ký tự, không có dấu cách.")
            }
        }
    }

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a token and prints it, this once · Tạo mã truy cập và in ra một lần.",
            discussion: """
                Whoever has the token may ask in its name: Authorization: Bearer TOKEN. The centre keeps a digest only.
                Ai có mã đều hỏi được dưới tên này. Trung tâm chỉ giữ giá trị băm, không xem lại được mã.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var name: Name
        @Option(
            help: "read: figures and their dossiers; operations: also senders, balances and the quarantine · Vai trò.")
        var role = AccessTokens.Role.read.rawValue
        @Option(
            parsing: .upToNextOption,
            help: "Only these units, each with the units below it: H36.31 · Chỉ các đơn vị này và đơn vị trực thuộc.")
        var unit: [String] = []
        @Option(help: "Last day on which it counts, YYYY-MM-DD (default: for ever) · Ngày cuối còn hiệu lực.")
        var until: String?

        func validate() throws {
            guard AccessTokens.Role(rawValue: role) != nil else {
                throw ValidationError("--role: “\(role)”: read, operations.")
            }
            // Those below are meant anyway.
            for code in unit
            where code.isEmpty || code.utf8.count > 64 || code.utf8.contains(10) || code.hasSuffix("*") {
                throw ValidationError("--unit: “\(code)”.")
            }
            guard let until, Day(iso8601: until) == nil else { return }
            throw ValidationError("--until: “\(until)”: YYYY-MM-DD.")
        }

        func run() async throws {
            let settings = try common.settings()
            let language = settings.language
            try await reportingErrors(in: language) {
                var zone = settings.zone
                let end = until.flatMap { Day(iso8601: $0) }
                    .flatMap { zone.moment(of: $0.advanced(by: 1).description) }?.microseconds
                let (secret, name, units, who) = (AccessSecret(), name.name, unit, operatorName)
                let role = AccessTokens.Role(rawValue: role) ?? .read
                let isMade = try await DatabaseSession(settings.database("operations", as: .operations)).perform {
                    connection in
                    try await AccessTokens(connection).create(
                        name, digest: secret.digest, role: role, units: units.isEmpty ? nil : units, validTo: end,
                        by: who)
                }
                guard isMade else {
                    let sentence = language.choose(
                        "đã có mã truy cập tên \(name); xem hoso token list",
                        "there is a token named \(name); see hoso token list")
                    Console.error("hoso: \(sentence)")
                    throw ExitCode(1)
                }
                // Alone on the standard output, so that it can be passed on.
                Console.line(secret.revealed)
                Console.error(
                    language.choose(
                        "Hãy cất mã này như mật khẩu: không xem lại được.",
                        "Keep it as you would a password: it is not shown again."))
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists tokens and their state · Liệt kê.")
        @OptionGroup var common: CommonOptions
        @Option(help: "table, json or csv · Dạng kết quả.")
        var format = OutputFormat.table

        func run() async throws {
            let settings = try common.settings()
            try await reportingErrors(in: settings.language) {
                let records = try await DatabaseSession(settings.database("query", as: .read)).perform { connection in
                    try await AccessTokens(connection).list()
                }
                let report = TokensReport(records, zone: settings.zone)
                switch format {
                case .table: report.table(in: settings.language).forEach(Console.line)
                case .json: Console.line(report.json)
                case .csv: report.csv.forEach(Console.line)
                }
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Revokes a token; it ceases to count within seconds · Thu hồi mã truy cập.")
        @OptionGroup var common: CommonOptions
        @OptionGroup var name: Name

        func run() async throws {
            let settings = try common.settings()
            let language = settings.language
            try await reportingErrors(in: language) {
                let (name, who) = (name.name, operatorName)
                let isRevoked = try await DatabaseSession(settings.database("operations", as: .operations)).perform {
                    connection in
                    try await AccessTokens(connection).revoke(name, by: who)
                }
                guard isRevoked else {
                    let sentence = language.choose(
                        "không có mã truy cập \(name); xem hoso token list",
                        "there is no token \(name); see hoso token list")
                    Console.error("hoso: \(sentence)")
                    throw ExitCode(1)
                }
                Console.line(language.choose("Đã thu hồi \(name).", "\(name) is revoked."))
            }
        }
    }
}
