import ArgumentParser
import Dossiers
import Keys
import PersonalData

struct Keygen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes the keys of a sender, a service, of receipts or of personal data · Tạo khóa.",
        discussion: """
            hoso keygen FILE                  a sender's: FILE for the connection (sender.key), FILE.sign to sign (sender.signing_key)
            hoso keygen FILE --for broker     a broker's (intake.server_key)
            hoso keygen FILE --for worker     a worker's on another machine (worker.key)
            hoso keygen FILE --for survey     a survey sender's or the relay's (survey.key, survey.server_key)
            hoso keygen FILE --for receipts   the key by which a centre signs receipts (intake.receipt_key)
            hoso keygen FILE --for personal   the key under which a centre seals personal data (personal.keys); \
            whoever loses it loses the data
            A secret key stays in its file, which only its owner can read; only the public key, which is printed and \
            written to a file ending in .pub, is handed on.
            Khóa bí mật nằm trong tệp, chỉ chủ tệp đọc được; chỉ khóa công khai (in ra và ghi vào tệp .pub) được chuyển đi.
            """)

    /// Whose keys are made.
    enum Purpose: String, ExpressibleByArgument, CaseIterable {
        case sender, broker, worker, survey, receipts, personal
    }

    @Argument(help: "File for the secret key; it must not be there yet · Tệp khóa bí mật mới.", completion: .file())
    var file: String
    @Option(name: .customLong("for"), help: "sender, broker, worker, survey, receipts or personal · Dùng cho.")
    var purpose = Purpose.sender
    @OptionGroup var spoken: SpokenLanguage

    func run() async throws {
        let language = spoken.language
        try await reportingErrors(in: language) {
            switch purpose {
            case .sender:
                let keys = try KeyFile.makeSender(file)
                Console.line(language.choose("khóa công khai: \(keys.curve)", "public key: \(keys.curve)"))
                Console.line(language.choose("khóa ký: \(keys.signing)", "signing key: \(keys.signing)"))
            case .broker, .worker, .survey:
                let key = try KeyFile.make(file)
                Console.line(language.choose("khóa công khai: \(key)", "public key: \(key)"))
            case .receipts:
                let key = try KeyFile.makeSigning(file)
                Console.line(language.choose("khóa biên nhận: \(key)", "receipt key: \(key)"))
            case .personal:
                let key = try KeyFile.makeSealing(file)
                Console.line(language.choose("mã khóa: \(key.name)", "key id: \(key.name)"))
            }
        }
    }
}
