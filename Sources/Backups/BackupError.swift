/// A backup could not be made or restored.
package struct BackupError: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    package enum Code: Sendable, Equatable {
        /// There is something at the folder already.
        case exists
        /// The folder holds no backup, or not all of it.
        case incomplete
        /// A file is not as it was written.
        case damaged(String)
        /// The backup was made by a newer version.
        case newer(Int32)
        /// The database holds data already.
        case notEmpty
        /// Services are connected to the database.
        case inUse(Int)
        /// PostgreSQL's programs are not installed.
        case notInstalled
        /// A program of PostgreSQL failed.
        case failed(String)
        /// What is in the database afterwards is not what was backed up.
        case differs(String)
    }

    /// What went wrong.
    package let code: Code
    /// What a program said.
    package let detail: String

    init(_ code: Code, detail: String = "") {
        self.code = code
        self.detail = detail
    }

    /// A sentence in English.
    package var description: String {
        switch code {
        case .exists: "there is something at this path already: choose a folder that is not there yet"
        case .incomplete: "this is no complete backup: its manifest.json is missing or unreadable"
        case .damaged(let file): "the backup is damaged: \(file) is not as it was written"
        case .newer(let version): "the backup is of a newer version (schema \(version)): update hoso first"
        case .notEmpty: "the database holds data already: restore into an empty one"
        case .inUse(let sessions):
            "\(sessions) sessions are connected to the database: stop the services, and whoever else works with it, and let go of it"
        case .notInstalled: "pg_dump and pg_restore are missing: install postgresql-client"
        case .failed(let program): "\(program) failed\n\(detail)"
        case .differs(let what): "the restored database differs from the backup: \(what)"
        }
    }

    /// A sentence in Vietnamese.
    package var vietnamese: String {
        switch code {
        case .exists: "đường dẫn này đã có: hãy chọn thư mục chưa có"
        case .incomplete: "đây không phải bản sao lưu đầy đủ: thiếu hoặc không đọc được manifest.json"
        case .damaged(let file): "bản sao lưu bị hỏng: \(file) không còn như lúc ghi"
        case .newer(let version): "bản sao lưu thuộc phiên bản mới hơn (lược đồ \(version)): hãy cập nhật hoso trước"
        case .notEmpty: "cơ sở dữ liệu đã có dữ liệu: hãy khôi phục vào cơ sở dữ liệu trống"
        case .inUse(let sessions):
            "\(sessions) phiên đang kết nối cơ sở dữ liệu: hãy dừng các dịch vụ và mọi phiên khác trước"
        case .notInstalled: "thiếu pg_dump và pg_restore: hãy cài postgresql-client"
        case .failed(let program): "\(program) thất bại\n\(detail)"
        case .differs(let what): "cơ sở dữ liệu khôi phục khác bản sao lưu: \(what)"
        }
    }
}
