import Adoption
import Agent
import Backups
import Benchmark
import Broker
import Cluster
import Dossiers
import Keys
import Mapping
import Observability
import PersonalData
import Postgres
import Settings
import Spool
import Supervision
import Worker

/// What an error says to people.
func sentences(of error: any Error, in language: Language, spool: String) -> [String] {
    switch error {
    case let error as MappingError: error.sentences(in: language)
    case let error as SpoolError: [error.sentence(in: language, path: spool)]
    case let error as SpoolRegression: [error.sentence(in: language, path: spool)]
    case let error as HealthServer.Failure:
        [
            language.choose(
                "không mở được \(error.place) (đang có chương trình khác dùng, hay sai operations.listen?): \(error.reason)",
                "cannot listen at \(error.place) (does another program, or is operations.listen wrong?): \(error.reason)"
            )
        ]
    case let error as BackupError: [language.choose(error.vietnamese, error.description)]
    case let error as ClusterError: [error.sentence(in: language)]
    case let error as KeyError: [language.choose(error.vietnamese, error.english)]
    case let error as SupervisionError: [error.sentence(in: language)]
    case let error as BenchmarkError: [language.choose(error.vietnamese, error.description)]
    case let error as PostgresError where error.isRetriable:
        [language.choose("Không dùng được cơ sở dữ liệu lúc này", "The database cannot be used now") + ": \(error)"]
    case let error as PostgresError where error.code == .refused(SQLState(rawValue: "42501")):
        [
            language.choose(
                "Cơ sở dữ liệu không cho phép: hãy chạy hoso migrate; nếu không được tạo vai trò, đặt database.roles: single",
                "The database does not permit it: run hoso migrate; where no roles may be made, set database.roles: single"
            )
                + ": \(error)"
        ]
    case let error as PostgresError where error.code == AdoptionError.otherVersion.code:
        [
            language.choose(
                "Số liệu thuộc phiên bản hoặc cụm cơ sở dữ liệu khác: hãy chạy hoso migrate, hoặc cập nhật hoso",
                "The figures are of another version or cluster: run hoso migrate, or update hoso") + ": \(error)"
        ]
    case let error as VaultError: [error.sentence(in: language)]
    case let error as WorkerError:
        if case .keysDoNotFit(let vaultError) = error.code { [vaultError.sentence(in: language)] } else { ["\(error)"] }
    case let error as SettingsError: error.problems.map { $0.sentence(in: language) }
    case let error as BrokerError: [language.choose(error.vietnamese, error.description)]
    default: ["\(error)"]
    }
}

extension VaultError {
    fileprivate func sentence(in language: Language) -> String {
        switch code {
        case .unknownKey(let id):
            language.choose(
                "dữ liệu cá nhân được mã hóa bằng khóa \(id), không có trong personal.keys",
                "personal data was sealed with key \(id), which is not among personal.keys")
        case .damaged:
            language.choose(
                "dữ liệu đã mã hóa bị hỏng hoặc không thuộc chỗ này", "a sealed value is damaged, or belongs elsewhere")
        }
    }
}

extension SpoolError {
    /// What is wrong with the spool at a path, and what to do.
    func sentence(in language: Language, path: String) -> String {
        let text = language == .vietnamese ? vietnamese : english
        return "\(path): \(text)" + (sqliteCode == 0 ? "" : " (\(operation), SQLite \(sqliteCode))")
    }

    private var english: String {
        switch code {
        case .full:
            "the queue is full. Make room on the disk, wait until the centre has taken what is in it, or raise sender.spool_quota_bytes."
        case .entryTooLarge: "a dossier is larger than the limit (sender.entry_limit_bytes). It was not accepted."
        case .corrected: "the dossier has been corrected already."
        case .corrupt: "the file is damaged or is no queue of hoso. Do not delete it, keep a copy, and call support."
        case .foreignSender: "the queue belongs to another sender. Set sender.name back, or change sender.spool."
        case .newerVersion: "the queue was written by a newer hoso. Install that version again."
        case .busy: "another process has held the queue for too long. Try again."
        case .inputOutput: "the queue cannot be read or written. Check the disk and the permissions of the file."
        }
    }

    private var vietnamese: String {
        switch code {
        case .full:
            "hàng đợi trên máy đã đầy. Hãy giải phóng dung lượng đĩa, chờ trung tâm nhận bớt, hoặc tăng sender.spool_quota_bytes."
        case .entryTooLarge: "có hồ sơ lớn hơn giới hạn (sender.entry_limit_bytes). Hồ sơ đó chưa được nhận."
        case .corrected: "hồ sơ này đã được sửa."
        case .corrupt: "tệp bị hỏng hoặc không phải hàng đợi của hoso. Đừng xóa, hãy sao lưu tệp và gọi hỗ trợ."
        case .foreignSender: "hàng đợi thuộc điểm gửi khác. Hãy đặt lại sender.name, hoặc chọn sender.spool khác."
        case .newerVersion: "hàng đợi do phiên bản hoso mới hơn ghi. Hãy cài lại phiên bản đó."
        case .busy: "tiến trình khác giữ hàng đợi quá lâu. Hãy thử lại."
        case .inputOutput: "không đọc hoặc ghi được hàng đợi. Hãy kiểm tra đĩa và quyền truy cập tệp."
        }
    }
}

extension SpoolRegression {
    /// What is wrong with the spool at a path, and what to do.
    func sentence(in language: Language, path: String) -> String {
        language.choose(
            "\(path): đây là bản sao cũ của hàng đợi “\(sender)”: ở đây đã đánh số đến \(head), trung tâm đã có "
                + "\(highest). Chưa gửi gì. Hãy khôi phục hàng đợi hiện hành, hoặc bắt đầu hàng đợi mới.",
            "\(path): this is an old copy of the queue of “\(sender)”: it has numbered up to \(head), but the centre "
                + "has \(highest). Nothing was sent. Put the current queue back, or start a new one.")
    }
}

extension ClusterError {
    /// What went wrong and what to do.
    func sentence(in language: Language) -> String {
        guard language == .vietnamese else { return description }
        return switch code {
        case .notInstalled: "chưa cài PostgreSQL: hãy chạy `apt-get install postgresql` (14 trở lên)"
        case .failed(let program): "\(program) bị lỗi\n\(detail)"
        case .unreachableFolder(let folder):
            "máy chủ cơ sở dữ liệu chạy với người dùng postgres, không vào được \(folder): hãy chọn --data khác"
        case .unsafeFolder(let folder):
            "\(folder) không phải thư mục chỉ chủ của nó vào được: hãy xóa nó, hoặc chọn --data khác"
        case .notReady: "máy chủ cơ sở dữ liệu không trả lời\n\(detail)"
        case .noServerUser: "thiếu người dùng postgres: hãy cài lại gói postgresql"
        }
    }
}

extension SupervisionError {
    /// Which service cannot work, and the end of its log.
    func sentence(in language: Language) -> String {
        language.choose(
            "\(child) dừng với mã \(exitCode), xem \(logFile)\n\(logTail)",
            "\(child) left with \(exitCode), see \(logFile)\n\(logTail)")
    }
}
