import ArgumentParser
import Dossiers
import Foundation

struct AgentEnrol: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "enrol",
        abstract: "Makes this machine a sender, by a code from the centre · Ghi danh máy này làm điểm gửi.",
        discussion: """
            The centre makes the code by hoso sender enrol NAME. Keys are made here, and only their public halves travel. \
            DIR/hoso.yaml is written for hoso agent and hoso send. Interrupted, it can be run again with the same code.
            Trung tâm tạo mã bằng hoso sender enrol TÊN. Khóa được tạo tại máy này, chỉ khóa công khai được gửi đi. \
            Nếu bị ngắt, chạy lại với cùng mã.
            """)
    @Argument(help: "File with the code (default: it is asked for, or read from standard input) · Tệp chứa mã.")
    var file: String?
    @Option(name: .customLong("data"), help: "Folder for keys, spool and hoso.yaml · Thư mục.", completion: .directory)
    var folder: String?
    @OptionGroup var spoken: SpokenLanguage

    func run() async throws {
        let language = spoken.language
        try await reportingErrors(in: language) {
            let place = SenderPlace(folder: folder ?? Installation.standard.folder)
            guard !FileManager.default.fileExists(atPath: place.configuration) else {
                throw refusal(
                    language.choose(
                        "\(place.configuration) đã có: hãy chọn --data khác",
                        "\(place.configuration) is there already: choose another --data"
                    ),
                    64)
            }
            let sender = try await Enrolment(place: place, language: language).enrol(file: file)
            Console.line(
                language.choose(
                    "Đã ghi danh \(sender). Gửi hồ sơ: hoso agent --config \(place.configuration)",
                    "Enrolled as \(sender). To send: hoso agent --config \(place.configuration)"))
        }
    }
}
