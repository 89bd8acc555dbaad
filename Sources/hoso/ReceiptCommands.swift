import Agent
import ArgumentParser
import Dossiers
import Foundation
import IntakeProtocol
import Keys
import Postgres
import Settings
import Spool
import Store

struct ReceiptCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt",
        abstract: "Makes the signed receipt of a dossier, for whoever handed it in · Biên nhận có chữ ký.",
        discussion: """
            The receipt names no person and no code: print the code beside it. Anybody with the centre's public key checks it \
            with hoso verify-receipt.
            Biên nhận không chứa tên hay mã hồ sơ: hãy in mã bên cạnh. Ai có khóa công khai của trung tâm đều kiểm tra được.
            """)
    @OptionGroup var common: CommonOptions
    @Argument(help: "Code of the dossier · Mã hồ sơ.")
    var code: String
    @Flag(help: "Sign it now, from the ledger, where no signature was kept · Ký lại từ sổ nếu không còn chữ ký.")
    var sign = false
    @OptionGroup var output: ReceiptOutput

    func run() async throws {
        let settings = try common.settings()
        let language = settings.language
        try await reportingErrors(in: language) {
            let key = try signingKey(settings)
            let code = code
            let found = try await DatabaseSession(settings.database("query", as: .read)).perform { connection in
                try await ReceiptTable(connection).evidence(of: code)
            }
            guard let (entry, kept) = found else {
                throw refusal(
                    language.choose(
                        "Trung tâm chưa nhận hồ sơ nào có mã \(code).", "The centre has never heard of \(code)."))
            }
            var receipt = kept.lazy.compactMap { DossierReceipt($0, of: entry) }.first
            if receipt == nil, let key { receipt = try signed(entry, by: key) }
            guard let receipt else {
                throw refusal(
                    language.choose(
                        "không còn chữ ký nào của hồ sơ này; hãy ký lại bằng --sign",
                        "no signature of this dossier is kept; sign it now by --sign"))
            }
            try output.write(ReceiptReport(receipt, zone: settings.zone), in: language)
        }
    }

    private func refusal(_ sentence: String) -> ExitCode {
        Console.error("hoso: \(sentence)")
        return ExitCode(1)
    }

    /// The key of the centre, where it is to sign now.
    private func signingKey(_ settings: HosoSettings) throws -> SigningKey? {
        guard sign else { return nil }
        if let path = settings.receiptKey { return try KeyFile.signingKey(path) }
        let sentence = settings.language.choose(
            "--sign cần intake.receipt_key trong cấu hình", "--sign needs intake.receipt_key in the configuration")
        Console.error("hoso: \(sentence)")
        throw ExitCode(78)
    }

    /// A receipt for the entry alone, as of when the ledger got it.
    private func signed(_ entry: ReceiptTable.Entry, by key: SigningKey) throws -> DossierReceipt? {
        let (first, outcomes) = (entry.key.sequence, [UInt8(truncatingIfNeeded: entry.outcome)])
        let head = ReceiptHead(
            key: key.publicKey.id, sender: entry.sender, epoch: entry.key.epoch, first: first, count: 1,
            committedAt: entry.recordedAt,
            root: MerkleTree.root(first: first, outcomes: outcomes, digests: [entry.digest]))
        return DossierReceipt(
            of: first, sender: entry.sender, epoch: entry.key.epoch, first: first, outcomes: outcomes,
            digests: [entry.digest], committedAt: entry.recordedAt, key: head.key,
            signature: try key.signature(of: head.statement))
    }
}

extension DossierReceipt {
    /// The receipt of an entry out of what the centre has kept; `nil` when it does not prove it: what the ledger says now is
    /// not what was signed.
    fileprivate init?(_ kept: ReceiptTable.Signed, of entry: ReceiptTable.Entry) {
        guard let key = VerificationKey(kept.key),
            let receipt = DossierReceipt(
                of: entry.key.sequence, sender: entry.sender, epoch: entry.key.epoch, first: kept.first,
                outcomes: kept.outcomes, digests: kept.digests, committedAt: kept.committedAt, key: key.id,
                signature: kept.signature), receipt.verdict([key]) == .genuine(key)
        else { return nil }
        self = receipt
    }

    /// The receipt of an entry out of what a sender has kept.
    fileprivate init?(_ proof: SpoolProof, of number: UInt64, sender: String, epoch: UInt64) {
        let digests = stride(from: 0, to: proof.digests.count, by: Digest.size).compactMap { start in
            Digest(Array(proof.digests[start...].prefix(Digest.size)))
        }
        self.init(
            of: number, sender: sender, epoch: epoch, first: proof.first, outcomes: proof.outcomes, digests: digests,
            committedAt: proof.committedAt, key: proof.key, signature: proof.signature)
    }
}

struct AgentReceipt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipt",
        abstract: "Shows the centre's signed receipt of a dossier that was sent · Biên nhận có chữ ký của trung tâm.")
    @OptionGroup var common: CommonOptions
    @Argument(help: "Code of the dossier, or its number · Mã hồ sơ hoặc số thứ tự.")
    var dossier: String
    @OptionGroup var output: ReceiptOutput

    func run() async throws {
        try await common.withSpool { spool, settings in
            let language = settings.language
            guard let receipt = try receipt(spool) else {
                let sentence = language.choose(
                    "không có biên nhận đã ký của \(dossier): trung tâm chưa trả lời, không ký, hoặc đã quá hạn lưu",
                    "there is no signed receipt of \(dossier): the centre has not answered, does not sign, or it was too long ago"
                )
                Console.error("hoso: \(sentence)")
                throw ExitCode(1)
            }
            let verdict = receipt.verdict(settings.receiptKeys)
            if verdict == .forged {
                Console.error("hoso: \(VerifyReceipt.sentence(of: .forged, receipt, in: language))")
                throw ExitCode(65)
            }
            try output.write(ReceiptReport(receipt, zone: settings.zone), in: language)
            guard case .genuine = verdict else {
                let sentence = language.choose(
                    "chưa kiểm tra được: khóa công khai của trung tâm không có trong intake.receipt_keys",
                    "not checked: the centre's public key is not among intake.receipt_keys")
                Console.error("hoso: \(sentence)")
                throw ExitCode(1)
            }
        }
    }

    private func receipt(_ spool: SpoolDatabase) throws(SpoolError) -> DossierReceipt? {
        if let number = UInt64(dossier), number <= Limits.highestNumber, let proof = try spool.proof(of: number) {
            return DossierReceipt(proof, of: number, sender: spool.sender, epoch: spool.epoch)
        }
        // Sent more than once, it was stored once.
        let numbers = try spool.numbers(tagged: CodeTag.of(dossier))
        guard let number = (numbers.first { $0.outcome == .stored } ?? numbers.first)?.number,
            let proof = try spool.proof(of: number)
        else { return nil }
        return DossierReceipt(proof, of: number, sender: spool.sender, epoch: spool.epoch)
    }
}

struct VerifyReceipt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-receipt",
        abstract: "Checks a signed receipt, without any connection · Kiểm tra biên nhận.",
        discussion: """
            FILE holds the text of the receipt, as it stands in the QR code; - reads it from standard input. Leaves with 65 \
            when the centre has not signed exactly this, and with 1 when it has signed that the dossier was not stored.
            TỆP chứa đúng dòng chữ trong mã QR. Mã thoát 65 nếu trung tâm không ký nội dung này.
            """)
    @OptionGroup var common: CommonOptions
    @Argument(help: "File with the receipt · Tệp biên nhận.", completion: .file())
    var file: String
    @Option(
        help: """
            File with the centre's public key; may be repeated (default: intake.receipt_keys of the configuration) · \
            Tệp khóa công khai của trung tâm.
            """, completion: .file())
    var key: [String] = []
    @Option(help: "text or json · Dạng kết quả.")
    var format = ReceiptFormat.text

    func validate() throws {
        guard format != .qr else { throw ValidationError("--format: text, json.") }
    }

    func run() async throws {
        // With a key at hand there is nothing to look up anywhere.
        let settings = key.isEmpty ? try common.settings() : try common.settings(file: nil)
        let language = settings.language
        try await reportingErrors(in: language) {
            let keys = try keys(settings)
            guard !keys.isEmpty else {
                let sentence = language.choose(
                    "cần khóa công khai của trung tâm: --key TỆP", "the centre's public key is needed: --key FILE")
                Console.error("hoso: \(sentence)")
                throw ExitCode(64)
            }
            guard let receipt = DossierReceipt(text: try bytes(language)) else {
                let sentence = language.choose(
                    "đây không phải biên nhận của hoso, hoặc đã bị cắt hay sửa",
                    "this is no receipt of hoso, or it was cut or changed")
                Console.error("hoso: \(file): \(sentence)")
                throw ExitCode(65)
            }
            let verdict = receipt.verdict(keys)
            guard case .genuine = verdict else {
                Console.error("hoso: \(file): \(Self.sentence(of: verdict, receipt, in: language))")
                throw ExitCode(65)
            }
            let report = ReceiptReport(receipt, zone: settings.zone)
            if format == .json {
                Console.line(try report.json)
            } else {
                Console.line(Self.sentence(of: verdict, receipt, in: language))
                report.lines(in: language).forEach(Console.line)
                Console.line(
                    language.choose(
                        "Biên nhận không cho biết mã hồ sơ: hãy đối chiếu với trung tâm.",
                        "The receipt does not say which code the dossier has: the centre knows."))
            }
            // Genuine, and yet no dossier was taken: a script must not take it for one.
            if !report.isTaken { throw ExitCode(1) }
        }
    }

    private func keys(_ settings: HosoSettings) throws(KeyError) -> [VerificationKey] {
        guard key.isEmpty else { return try key.map { path throws(KeyError) in try KeyFile.verificationKey(path) } }
        guard settings.receiptKeys.isEmpty, let path = settings.receiptKey else { return settings.receiptKeys }
        return [try KeyFile.verificationKey(KeyFile.publicPath(path))]
    }

    /// What is in the file; a receipt is shorter than what is read.
    private func bytes(_ language: Language) throws -> [UInt8] {
        do {
            let handle =
                file == "-" ? FileHandle.standardInput : try FileHandle(forReadingFrom: URL(fileURLWithPath: file))
            return [UInt8](try handle.read(upToCount: 2_048) ?? Data())
        } catch {
            let sentence = language.choose("không đọc được tệp", "the file cannot be read")
            Console.error("hoso: \(file): \(sentence)")
            throw ExitCode(64)
        }
    }

    /// What a check came to.
    static func sentence(of verdict: DossierReceipt.Verdict, _ receipt: DossierReceipt, in language: Language) -> String
    {
        switch verdict {
        case .genuine where receipt.leaf.outcome > 2:
            language.choose(
                "Biên nhận hợp lệ: trung tâm xác nhận CHƯA lưu hồ sơ, đang giữ lại.",
                "The receipt is valid: the centre confirms that the dossier was NOT stored, but quarantined.")
        case .genuine:
            language.choose("Biên nhận hợp lệ: trung tâm đã ký.", "The receipt is valid: the centre has signed it.")
        case .unknownKey:
            language.choose(
                "biên nhận được ký bằng khóa \(receipt.keyText), không thuộc các khóa đã cho",
                "the receipt names the key \(receipt.keyText), which is none of those given")
        case .forged:
            language.choose(
                "chữ ký không khớp: biên nhận đã bị sửa hoặc làm giả",
                "the signature does not fit: the receipt was changed, or made up")
        }
    }
}
