import Agent
import ArgumentParser
import Cluster
import Dossiers
import Foundation
import IntakeProtocol
import Keys
import Settings
import ZeroMQ

/// Where what makes a machine a sender lies.
struct SenderPlace: Sendable {
    /// The settings that are written.
    let configuration: String
    /// The key for the connection; the one that signs lies beside it.
    let key: String
    /// The spool.
    let spool: String
    /// The drop folder.
    let inbox: String
    /// Folders that only their owner may enter.
    let folders: [String]
    /// What else the settings say.
    var settings: [String: String] = [:]

    /// Everything in one folder.
    init(folder: String) {
        let folder = URL(fileURLWithPath: folder).standardizedFileURL.path
        self.init(
            configuration: folder + "/hoso.yaml", key: folder + "/keys/sender", spool: folder + "/spool/sender.sqlite",
            inbox: folder + "/inbox", folders: [folder, folder + "/keys"])
    }

    /// A place for each.
    init(configuration: String, key: String, spool: String, inbox: String, folders: [String]) {
        self.folders = folders
        self.configuration = configuration
        self.key = key
        self.spool = spool
        self.inbox = inbox
    }
}

/// Makes this machine a sender by a code from the centre.
struct Enrolment {
    let place: SenderPlace
    let language: Language

    /// Asks for the code, makes the keys, enrols them, and writes the settings.
    /// - Parameter file: where the code stands; `nil`: it is asked for.
    /// - Returns: the name of the sender.
    func enrol(file: String?) async throws -> String {
        let code = try code(file)
        for folder in place.folders { try PrivateFolder.make(folder) }
        let (key, signingKey) = try keys(place.key)
        let statement = EnrolmentSignature.statement(key: key.publicKey.bytes, signingKey: signingKey.publicKey.bytes)
        let route = IntakeRoute(
            endpoint: code.endpoint, security: .client(try code.curveKey(), server: code.centreKey))
        Console.error(language.choose("đang kết nối \(code.endpoint) …", "asking \(code.endpoint) …"))
        let sender: String
        do {
            sender = try await Enrolling(route).enrol(
                key.publicKey, signingKey: signingKey.publicKey,
                signature: try code.signingKey().signature(of: statement),
                patience: .seconds(30))
        } catch let failure as Enrolling.Failure {
            throw refusal(failure.sentence(in: language), failure.exitCode)
        }
        try write(code, sender)
        return sender
    }

    /// The code from the file, or from whoever types or pastes it: never from the command line, which everybody can read.
    private func code(_ file: String?) throws -> EnrolmentCode {
        let text: String
        if let file {
            // A secret on the command line is in the list of processes and in the history: it is not said again here.
            guard !file.hasPrefix("hoso1-") else {
                throw refusal(
                    language.choose(
                        "đừng ghi mã trên dòng lệnh, nơi ai cũng đọc được: chạy hoso agent enrol rồi dán mã",
                        "not on the command line, where everybody can read it: run hoso agent enrol, and paste the code"
                    ), 64)
            }
            do { text = try String(contentsOfFile: file, encoding: .utf8) } catch {
                throw refusal(language.choose("không đọc được \(file)", "\(file) cannot be read"), 64)
            }
        } else {
            let isTyped = isatty(STDIN_FILENO) == 1
            if isTyped {
                Console.error(
                    language.choose("Dán mã ghi danh, rồi một dòng trống:", "Paste the code, then an empty line:"))
            }
            // A mail program may have broken it into lines; who types ends it by an empty one.
            var lines = ""
            while let line = readLine(), !(isTyped && line.isEmpty) {
                lines += line
                if EnrolmentCode(lines) != nil { break }
            }
            text = lines
        }
        guard let code = EnrolmentCode(text) else {
            throw refusal(
                language.choose(
                    "đây không phải mã ghi danh, hoặc mã bị thiếu hay sai ký tự",
                    "this is no enrolment code, or a character of it is wrong or missing"), 65)
        }
        return code
    }

    /// The keys of this sender, which an interrupted run may have left.
    private func keys(_ path: String) throws -> (CurveSecretKey, SigningKey) {
        let isThere: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
        switch (isThere(path), isThere(KeyFile.signingPath(path))) {
        case (false, false): _ = try KeyFile.makeSender(path)
        case (false, true): _ = try KeyFile.make(path)
        case (true, false): _ = try KeyFile.makeSigning(KeyFile.signingPath(path))
        case (true, true): break
        }
        return (try KeyFile.secret(path), try KeyFile.signingKey(KeyFile.signingPath(path)))
    }

    private func write(_ code: EnrolmentCode, _ sender: String) throws {
        let values = [
            "intake.endpoints": code.endpoint, "intake.centre_keys": code.centreKey.z85,
            "intake.receipt_keys": code.receiptKey.map { "\($0)" } ?? "", "sender.name": sender,
            "sender.key": place.key, "sender.signing_key": KeyFile.signingPath(place.key),
            "sender.spool": place.spool, "sender.inbox": place.inbox,
        ].merging(place.settings) { $1 }
        try Data(HosoSettings.yaml(values).utf8).write(
            to: URL(fileURLWithPath: place.configuration), options: .atomic)
    }
}

extension Enrolling.Failure {
    fileprivate var exitCode: Int32 {
        switch self {
        case .silent: 69
        case .notAdmitted, .refused: 65
        case .otherCentre: 78
        case .misunderstood: 70
        }
    }

    fileprivate func sentence(in language: Language) -> String {
        switch self {
        case .notAdmitted:
            language.choose(
                "trung tâm không nhận mã này: mã đã hết hạn, đã bị hủy, hoặc của trung tâm khác; hãy xin mã mới",
                "the centre does not take this code: it has ended, was withdrawn, or is of another centre; ask for a new one"
            )
        case .refused:
            language.choose(
                "mã này đã được dùng với khóa khác, có thể bởi người khác; hãy báo cho trung tâm và xin mã mới",
                "this code was used with another key, perhaps by somebody else; tell the centre, and ask for a new one")
        case .otherCentre:
            language.choose(
                "nơi trả lời không phải trung tâm ghi trong mã",
                "what answers there is not the centre that the code names")
        case .silent:
            language.choose(
                "trung tâm không trả lời; hãy kiểm tra đường truyền rồi chạy lại với cùng mã",
                "no answer from the centre; look at the link, and run it again with the same code")
        case .misunderstood(let error):
            language.choose("không hiểu câu trả lời: \(error)", "the answer was not understood: \(error)")
        }
    }
}
