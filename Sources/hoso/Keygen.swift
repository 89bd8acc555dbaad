import ArgumentParser
import Dossiers
import Keys

struct Keygen: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Makes a key pair for a sender or a broker · Tạo cặp khóa.",
        discussion: """
            The secret key stays in FILE, which only its owner can read; only the public key, which is printed and written to \
            FILE.pub, is handed on.
            Khóa bí mật nằm trong FILE, chỉ chủ tệp đọc được; chỉ khóa công khai (in ra và ghi vào FILE.pub) được chuyển đi.
            """)
    @Argument(help: "File for the secret key; it must not be there yet · Tệp khóa bí mật mới.", completion: .file())
    var file: String
    @Option(help: "vi or en (default: from LANG) · Ngôn ngữ.")
    var language: String?

    func validate() throws {
        guard let language, Language(rawValue: language) == nil else { return }
        throw ValidationError("--language: “\(language)”: vi, en.")
    }

    func run() async throws {
        let language = Language.spoken(language)
        try await reportingErrors(in: language) {
            let key = try KeyFile.make(file)
            Console.line(language.choose("khóa công khai: \(key)", "public key: \(key)"))
        }
    }
}
