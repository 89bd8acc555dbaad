import Adoption
import ArgumentParser
import Dossiers
import Foundation
import IntakeProtocol
import Keys
import Polling
import Settings
import Store
import ZeroMQ

struct SenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sender",
        abstract: "Enrols senders by their keys, lists and revokes them · Ghi danh điểm gửi bằng khóa.",
        subcommands: [List.self, Enrol.self, Grant.self, Rotate.self, Revoke.self], defaultSubcommand: List.self)

    /// A sender and a key that its owner has handed on.
    struct Choice: ParsableArguments {
        @Argument(help: "Name of the sender: a-z 0-9 . _ - · Tên điểm gửi.")
        var name: String
        // One in 85 begins with the sign of an option.
        @Option(
            parsing: .unconditional,
            help: "Its public key, as hoso keygen prints it, or the .pub file · Khóa công khai hoặc tệp .pub.")
        var key: String?
        @Option(
            help: """
                The public key by which it signs its batches, or the .pub file; from then on it must · Khóa ký hoặc tệp .pub; \
                từ đó phải ký từng lô.
                """)
        var signingKey: String?

        func validate() throws {
            guard Limits.isSenderName(name) else { throw ValidationError("NAME: 1 … 64 × a-z 0-9 . _ -") }
            guard key == nil || curve != nil else {
                throw ValidationError(
                    "--key: a public key of 40 characters, or its .pub file · khóa công khai 40 ký tự, hoặc tệp .pub.")
            }
            guard signingKey == nil || key != nil else {
                throw ValidationError("--signing-key: only with --key · chỉ dùng cùng --key.")
            }
            guard signingKey == nil || signing != nil else {
                throw ValidationError(
                    "--signing-key: 64 hexadecimal digits, or its .pub file · 64 chữ số thập lục phân, hoặc tệp .pub.")
            }
        }

        private var curve: CurvePublicKey? {
            key.flatMap { key in CurvePublicKey(z85: key) ?? (try? KeyFile.publicKey(key)) }
        }

        var signing: [UInt8]? {
            signingKey.flatMap { text in
                VerificationKey(hexadecimal: text) ?? (try? KeyFile.verificationKey(text))
            }?.bytes
        }

        var bytes: [UInt8] { curve?.bytes ?? [] }
    }

    /// What a sender may hand in.
    struct Grants: ParsableArguments {
        @Option(
            parsing: .upToNextOption, help: "Only these channels: in_person online postal · Chỉ các hình thức này.")
        var channel: [String] = []
        @Option(
            parsing: .upToNextOption,
            help: "Only these units, each with the units below it: H36.31 · Chỉ các đơn vị này và đơn vị trực thuộc.")
        var unit: [String] = []
        @Option(
            parsing: .upToNextOption, help: "Only these procedures: 1.001193 · Chỉ các thủ tục này.")
        var procedure: [String] = []
        @Option(help: "Only codes of this grammar: vn or opaque · Chỉ kiểu mã hồ sơ này.")
        var grammar: String?

        func validate() throws {
            for channel in channel where Channel(code: channel) == nil {
                throw ValidationError("--channel: “\(channel)”: in_person, online, postal.")
            }
            for code in unit + procedure where code.isEmpty || code.utf8.count > 64 || code.utf8.contains(10) {
                throw ValidationError("--unit, --procedure: “\(code)”.")
            }
            if let grammar, grammar.isEmpty || CodeGrammar(code: grammar) == nil {
                throw ValidationError("--grammar: “\(grammar)”: vn, opaque.")
            }
        }

        /// What the options say; `nil` where they say nothing.
        var authority: Authority? {
            let authority = Authority(
                channels: channel.isEmpty ? nil : Set(channel.compactMap { Channel(code: $0) }),
                units: unit.isEmpty ? nil : unit,
                // Counted by their first two parts, also where somebody names the whole code.
                procedures: procedure.isEmpty
                    ? nil : Set(procedure.map { code in ProcedureCode.key(of: code).map(String.init) ?? code }),
                grammar: grammar.flatMap { CodeGrammar(code: $0) })
            return authority == Authority() ? nil : authority
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Lists keys and their state · Liệt kê khóa.")
        @OptionGroup var common: CommonOptions
        @Argument(help: "Only keys of this sender · Điểm gửi.")
        var name: String?
        @Option(help: "table, json or csv · Dạng kết quả.")
        var format = OutputFormat.table

        func run() async throws {
            let settings = try common.settings()
            try await reportingErrors(in: settings.language) {
                let name = name
                let session = try DatabaseSession(settings.database("query", as: .read))
                let keys = try await session.perform { try await SenderKeys($0).list(name) }
                let grants = try await session.perform { try await SenderGrants($0).all() }
                let codes = try await session.perform { try await Enrolments($0).open() }
                    .filter { !$0.isRedeemed && (name == nil || $0.sender == name) }
                if let name, keys.isEmpty, codes.isEmpty {
                    let sentence = settings.language.choose(
                        "\(name) chưa được ghi danh khóa nào", "no key of \(name) was ever enrolled")
                    Console.error("hoso: \(sentence)")
                    throw ExitCode(1)
                }
                let lines = keys.map { key in
                    SenderKeysReport.Line(
                        key, publicKey: CurvePublicKey(key.curve)?.z85 ?? "",
                        signingKey: key.signing.flatMap { VerificationKey($0) }.map { "\($0)" })
                }
                let report = SenderKeysReport(
                    keys: lines, codes: codes, grants: grants, now: WallClock.microseconds, zone: settings.zone)
                switch format {
                case .table: report.table(in: settings.language).forEach(Console.line)
                case .json: Console.line(report.json)
                case .csv: report.csv.forEach(Console.line)
                }
            }
        }
    }

    struct Enrol: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a sender in, by a one-time code or by its public key · Ghi danh một điểm gửi.",
            discussion: """
                hoso sender enrol dinh-van              prints a code; on the sender's machine hoso agent enrol asks for it
                hoso sender enrol dinh-van --key KEY    the key that the sender has made with hoso keygen
                A secret key never leaves the machine where it was made. The code is good once, for --hours. Whoever has it can \
                enrol a key in the sender's name until then: hand it over as you would a password.
                Khóa bí mật không rời máy đã tạo ra nó. Mã ghi danh dùng một lần, trong --hours giờ; hãy trao như trao mật khẩu.
                """)
        @OptionGroup var common: CommonOptions
        @OptionGroup var choice: Choice
        @OptionGroup var grants: Grants
        @Option(help: "When the key begins to count, RFC 3339 (default: now) · Có hiệu lực từ.")
        var from: String?
        @Option(help: "When it ceases to count (default: never) · Hết hiệu lực lúc.")
        var to: String?
        @Option(help: "Hours for which the code is good · Số giờ mã ghi danh có hiệu lực.")
        var hours = 72
        @Option(
            help: """
                tcp://HOST:PORT where senders reach the centre (default: the one in intake.endpoints) · Địa chỉ trung tâm.
                """)
        var reachedAt: String?

        func validate() throws {
            guard (1...8_760).contains(hours) else { throw ValidationError("--hours: 1 … 8760.") }
            guard choice.key == nil || reachedAt == nil else {
                throw ValidationError("--reached-at: only without --key · chỉ dùng khi không có --key.")
            }
            guard choice.key != nil || from == nil else { throw ValidationError("--from: only with --key.") }
            let moments = try [("--from", from), ("--to", to)].map { option, text -> Instant? in
                guard let text else { return nil }
                guard let moment = Instant(rfc3339: text) else {
                    throw ValidationError("\(option): “\(text)”: 2026-01-31T00:00:00+07:00.")
                }
                return moment
            }
            if let end = moments[1], end <= moments[0] ?? Instant(microseconds: WallClock.microseconds) {
                throw ValidationError("--to: before it begins · trước lúc có hiệu lực.")
            }
        }

        func run() async throws {
            let settings = try common.settings()
            let language = settings.language
            try await reportingErrors(in: language) {
                guard choice.key != nil else { return try await makeCode(settings) }
                let (name, key, signing, who) = (choice.name, choice.bytes, choice.signing, operatorName)
                let start = from.flatMap { Instant(rfc3339: $0) }?.microseconds
                let end = to.flatMap { Instant(rfc3339: $0) }?.microseconds
                let authority = grants.authority
                let number = try await DatabaseSession(settings.database("operations", as: .operations)).perform {
                    connection in
                    try await SenderKeys(connection).enrol(
                        key, signing: signing, of: name, granting: authority, from: start, to: end, by: who)
                }
                guard let number else { throw alreadyEnrolled(language) }
                Console.line(
                    language.choose(
                        "Đã ghi danh \(name), khóa số \(number).", "\(name) is enrolled, key number \(number)."))
            }
        }
    }

    struct Grant: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Says what a sender may hand in, in place of what was said before · Phạm vi được nộp.",
            discussion: """
                What lies beyond it goes to the quarantine, with the reason. It counts within seconds, also for what is replayed.
                Hồ sơ ngoài phạm vi bị giữ lại kèm lý do. Có hiệu lực sau vài giây, kể cả khi xử lý lại.
                """)
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of the sender · Tên điểm gửi.")
        var name: String
        @OptionGroup var grants: Grants
        @Flag(help: "Everything · Không giới hạn.")
        var everything = false

        func validate() throws {
            guard Limits.isSenderName(name) else { throw ValidationError("NAME: 1 … 64 × a-z 0-9 . _ -") }
            guard everything != (grants.authority != nil) else {
                throw ValidationError("--everything, or at least one of --channel, --unit, --procedure, --grammar.")
            }
        }

        func run() async throws {
            let settings = try common.settings()
            let language = settings.language
            try await reportingErrors(in: language) {
                let (name, authority, who) = (name, grants.authority ?? Authority(), operatorName)
                let session = try DatabaseSession(settings.database("operations", as: .operations))
                guard try await session.perform({ try await SenderGrants($0).grant(authority, to: name, by: who) })
                else {
                    let sentence = language.choose(
                        "không có điểm gửi \(name); xem hoso sender list",
                        "there is no sender \(name); see hoso sender list")
                    Console.error("hoso: \(sentence)")
                    throw ExitCode(1)
                }
                Console.line("\(name): \(authority.title(in: language))")
            }
        }
    }

    struct Rotate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Enrols a new key; the older ones count for some days more · Đổi khóa của điểm gửi.")
        @OptionGroup var common: CommonOptions
        @OptionGroup var choice: Choice
        @Option(help: "Days for which the older keys still count · Số ngày khóa cũ còn hiệu lực.")
        var overlapDays = 7
        @Flag(help: "The sender no longer signs its batches · Điểm gửi thôi ký lô.")
        var unsigned = false

        func validate() throws {
            guard (0...365).contains(overlapDays) else { throw ValidationError("--overlap-days: 0 … 365.") }
            guard choice.key != nil else { throw ValidationError("--key KEY") }
        }

        func run() async throws {
            let settings = try common.settings()
            let language = settings.language
            try await reportingErrors(in: language) {
                let (name, key, who, days) = (choice.name, choice.bytes, operatorName, overlapDays)
                let (signing, mayCease) = (choice.signing, unsigned)
                let session = try DatabaseSession(settings.database("operations", as: .operations))
                let older = try await session.perform { try await SenderKeys($0).list(name) }
                    .filter { $0.revokedAt == nil && $0.validTo.map { $0 > WallClock.microseconds } ?? true }
                guard !older.isEmpty else {
                    let sentence = language.choose("\(name) không có khóa nào để đổi", "\(name) has no key to change")
                    Console.error("hoso: \(sentence)")
                    throw ExitCode(1)
                }
                // A new key without a signing key ends the sender's duty to sign; nobody should do that by leaving it out.
                guard signing != nil || mayCease || older.allSatisfy({ $0.signing == nil }) else {
                    let sentence = language.choose(
                        "\(name) đang ký các lô: thêm --signing-key, hoặc --unsigned nếu thôi ký",
                        "\(name) signs its batches: give --signing-key, or --unsigned if it is to cease")
                    Console.error("hoso: \(sentence)")
                    throw ExitCode(64)
                }
                let number = try await session.perform { connection in
                    try await SenderKeys(connection).rotate(
                        key, signing: signing, of: name, overlapDays: Int32(days), by: who)
                }
                guard let number else { throw alreadyEnrolled(language) }
                Console.line(
                    language.choose(
                        "\(name) có khóa mới số \(number); các khóa cũ còn hiệu lực \(days) ngày.",
                        "\(name) has the new key number \(number); the older ones count for \(days) days more."))
            }
        }
    }

    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shuts a sender's keys out, for good · Thu hồi khóa.",
            discussion: """
                Connections end within seconds. What has been received stays. A key that was revoked can never be enrolled again.
                Các kết nối bị ngắt sau vài giây. Hồ sơ đã nhận được giữ nguyên. Khóa đã thu hồi không ghi danh lại được.
                """)
        @OptionGroup var common: CommonOptions
        @Argument(help: "Name of the sender · Tên điểm gửi.")
        var name: String
        @Option(help: "Only the key of this number (default: all of them) · Số của khóa.")
        var key: Int32?
        @OptionGroup var why: Why

        func run() async throws {
            let settings = try common.settings()
            let language = settings.language
            try await reportingErrors(in: language) {
                let (name, key, why, who) = (name, key, why.because, operatorName)
                let (revoked, codes) = try await DatabaseSession(settings.database("operations", as: .operations))
                    .perform {
                        connection in
                        // A code that is still on its way would let the sender in again.
                        let codes = key == nil ? try await Enrolments(connection).withdraw(of: name) : 0
                        return (try await SenderKeys(connection).revoke(name, key: key, by: who, because: why), codes)
                    }
                if codes > 0 {
                    Console.line(
                        language.choose(
                            "Đã hủy \(codes) mã ghi danh của \(name).", "Withdrawn of \(name): codes \(codes)."))
                    if revoked.isEmpty { return }
                }
                guard !revoked.isEmpty else {
                    let sentence = language.choose(
                        "\(name) không có khóa nào để thu hồi", "\(name) has no such key that could be revoked")
                    Console.error("hoso: \(sentence)")
                    throw ExitCode(1)
                }
                let list = revoked.map { "\($0)" }.joined(separator: ", ")
                Console.line(
                    language.choose("Đã thu hồi khóa \(list) của \(name).", "Revoked of \(name): key \(list)."))
            }
        }
    }
}

/// Says that a key is known, and returns the exit code for it.
private func alreadyEnrolled(_ language: Language) -> ExitCode {
    let sentence = language.choose(
        "khóa này đã được ghi danh, có thể đã bị thu hồi; hãy tạo khóa mới",
        "this key has been enrolled before, and may have been revoked; make a new one")
    Console.error("hoso: \(sentence)")
    return ExitCode(65)
}
