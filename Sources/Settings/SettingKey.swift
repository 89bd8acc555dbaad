/// A setting: its key in the file, its default, and what it means.
package struct SettingKey: Sendable {
    /// The key, with full stops between groups.
    package let name: String
    /// The default as it is written in the file.
    package let standard: String
    /// What it means, in English.
    package let english: String
    /// What it means, in Vietnamese.
    package let vietnamese: String

    /// The environment variable that sets it.
    package var variable: String {
        "HOSO_" + name.uppercased().replacing(".", with: "_")
    }

    private init(_ name: String, _ standard: String, _ english: String, _ vietnamese: String) {
        self.name = name
        self.standard = standard
        self.english = english
        self.vietnamese = vietnamese
    }

    /// All settings, in the order of the file.
    package static let all: [SettingKey] = [
        SettingKey("time_zone", "Asia/Ho_Chi_Minh", "zone of local days", "múi giờ tính ngày"),
        SettingKey("language", "", "vi or en; empty: from LANG", "vi hoặc en; để trống: theo LANG"),
        SettingKey("log_level", "info", "trace, debug, info, notice, warning, error", "mức ghi nhật ký"),
        SettingKey(
            "log_format", "auto", "auto: text on a terminal, else JSON; json; text",
            "auto: văn bản trên màn hình, còn lại là JSON; json; text"),
        SettingKey(
            "catalogue", "open", "open: unknown units and procedures are stored; closed: quarantined",
            "open: nhận mã lạ; closed: giữ lại mã lạ"),
        SettingKey(
            "health.sockets", "", "folder in which each service has a socket that tells how it fares; empty: none",
            "thư mục chứa socket cho biết tình trạng từng dịch vụ; để trống: không có"),
        SettingKey(
            "health.listen", "", "HOST:PORT of this machine's loopback at which a service tells it too; empty: none",
            "MÁY:CỔNG nội bộ mà dịch vụ cũng cho biết tình trạng; để trống: không có"),
        SettingKey(
            "operations.listen", "127.0.0.1:8610", "HOST:PORT of the page, /metrics and /health of `hoso operations`",
            "MÁY:CỔNG của trang web, /metrics và /health"),
        SettingKey(
            "operations.access", "loopback",
            "who may ask over HTTP: loopback: whoever is on this machine, others by token; token: by token only; proxy: whom a proxy on this machine names",
            "ai được hỏi qua HTTP: loopback: người trên máy này, nơi khác cần mã truy cập; token: luôn cần mã truy cập; proxy: người mà proxy trên máy này xác nhận"
        ),
        SettingKey(
            "operations.proxy_header", "X-Remote-User", "HTTP field by which the proxy names its user",
            "trường HTTP ghi tên người dùng do proxy xác nhận"),
        SettingKey(
            "operations.requests_per_minute", "600", "questions a minute of each caller over HTTP; 0: no limit",
            "số câu hỏi mỗi phút của mỗi người gọi qua HTTP; 0: không giới hạn"),
        SettingKey(
            "intake.endpoints", "ipc://intake.sock", "where senders reach the broker",
            "nơi các điểm gửi kết nối"),
        SettingKey(
            "intake.server_key", "", "file with the broker's secret key; needed to listen on tcp://",
            "tệp khóa bí mật của broker; cần để nhận qua tcp://"),
        SettingKey(
            "intake.next_endpoints", "", "where senders reach the broker by its next key, while keys are changed",
            "nơi kết nối bằng khóa mới, trong khi đổi khóa"),
        SettingKey(
            "intake.next_server_key", "", "file with the broker's next secret key", "tệp khóa bí mật mới của broker"),
        SettingKey(
            "intake.centre_keys", "",
            "public keys of the centre, one or during a change two; needed to send over tcp://",
            "khóa công khai của trung tâm, một hoặc hai khi đang đổi khóa; cần để gửi qua tcp://"),
        SettingKey(
            "intake.receipt_key", "", "file with the key by which the centre signs receipts; empty: it does not",
            "tệp khóa mà trung tâm dùng để ký biên nhận; để trống: không ký"),
        SettingKey(
            "intake.receipt_keys", "",
            "public keys by which senders check receipts, during a change both; empty: no check",
            "khóa công khai để điểm gửi kiểm tra biên nhận, khi đang đổi khóa ghi cả hai; để trống: không kiểm tra"),
        SettingKey(
            "intake.keep_receipts_days", "3650", "days for which the centre keeps signatures",
            "số ngày trung tâm giữ chữ ký"),
        SettingKey(
            "intake.workers", "ipc://workers.sock",
            "where workers reach the broker; tcp:// for workers on other machines, by keys",
            "nơi worker kết nối; tcp:// cho worker ở máy khác, cần khóa"),
        SettingKey(
            "intake.worker_keys", "", "public keys of workers on other machines, for the broker",
            "khóa công khai của worker ở máy khác, dùng cho broker"),
        SettingKey(
            "intake.worker_user", "",
            "user of this machine as which workers run, for the broker; empty: as the broker's own",
            "người dùng hệ thống chạy worker trên máy này, dùng cho broker; để trống: cùng người dùng với broker"),
        SettingKey(
            "intake.lease_seconds", "10", "a worker silent for longer loses its batches",
            "worker im lặng quá mức này bị thu lại lô"),
        SettingKey("intake.memory_bytes", "67108864", "most that the broker holds", "bộ nhớ tối đa của broker"),
        SettingKey(
            "database.url", "dbname=hoso", "libpq connection string, without a password",
            "chuỗi kết nối libpq, không kèm mật khẩu"),
        SettingKey(
            "database.roles", "separate",
            "separate: each service connects as a role of its own (hoso_ingest, hoso_fold, hoso_relay, hoso_read, "
                + "hoso_operations); single: as the user of database.url",
            "separate: mỗi dịch vụ kết nối bằng vai trò riêng; single: bằng người dùng trong database.url"),
        SettingKey(
            "database.password_file", "", "file with the password, or folder with a file for each role, named like it",
            "tệp chứa mật khẩu, hoặc thư mục có một tệp cho mỗi vai trò, đặt tên theo vai trò"),
        SettingKey(
            "personal.keys", "",
            "files with the keys under which personal data is sealed: the first seals, the others only open",
            "các tệp khóa để mã hóa dữ liệu cá nhân: khóa đầu dùng để mã hóa, các khóa sau chỉ để mở"),
        SettingKey(
            "personal.retention_days", "0",
            "days after its last step that a dossier keeps its applicant's data, as `hoso migrate` and `hoso up` note it; what was quarantined, after it came; 0: for ever",
            "số ngày giữ dữ liệu cá nhân sau bước cuối của hồ sơ (bản ghi bị giữ lại: sau khi nhận), ghi nhận khi chạy `hoso migrate` hay `hoso up`; 0: giữ mãi"
        ),
        SettingKey(
            "retention.period_months", "0",
            "length of a period of the ledger, 0 to 12 months, as `hoso migrate` and `hoso up` note it; 3 suits most; 0: one for ever",
            "độ dài một kỳ của sổ, 0 đến 12 tháng, ghi nhận khi chạy `hoso migrate` hay `hoso up`; thường nên là 3; 0: một kỳ mãi mãi"
        ),
        SettingKey(
            "retention.ledger_months", "0",
            "months after its end for which a period of the ledger and of the survey tasks is kept, at least 13; 0: for ever",
            "số tháng giữ một kỳ của sổ và nhiệm vụ khảo sát sau khi kỳ kết thúc, từ 13 trở lên; 0: giữ mãi"),
        SettingKey(
            "retention.dossier_months", "0",
            "months after its last step for which a dossier is kept, at least retention.ledger_months; its figures stay; 0: for ever",
            "số tháng giữ hồ sơ sau bước cuối, không ít hơn retention.ledger_months; số liệu vẫn còn; 0: giữ mãi"),
        SettingKey("worker.count", "3", "workers that `hoso up` starts", "số worker của `hoso up`"),
        SettingKey(
            "worker.key", "", "file with a worker's secret key; needed where intake.workers is tcp://",
            "tệp khóa bí mật của worker; cần khi intake.workers là tcp://"),
        SettingKey("worker.batch_entries", "1000", "entries of a transaction", "số bản ghi mỗi giao dịch"),
        SettingKey(
            "worker.future_tolerance_hours", "24", "how far ahead a sender's clock may be",
            "đồng hồ điểm gửi được nhanh hơn bao nhiêu giờ"),
        SettingKey("sender.name", "local", "name of this sender: a-z 0-9 . _ -", "tên điểm gửi"),
        SettingKey(
            "sender.key", "", "file with the sender's secret key; needed to send over tcp://",
            "tệp khóa bí mật của điểm gửi; cần để gửi qua tcp://"),
        SettingKey(
            "sender.signing_key", "", "file with the key by which the sender signs its batches; empty: it does not",
            "tệp khóa mà điểm gửi dùng để ký từng lô; để trống: không ký"),
        SettingKey(
            "sender.keep_receipts_days", "365", "days for which the sender keeps signed receipts; 0: none",
            "số ngày điểm gửi giữ biên nhận đã ký; 0: không giữ"),
        SettingKey("sender.spool", "spool/sender.sqlite", "file of the spool", "tệp hàng đợi"),
        SettingKey("sender.spool_quota_bytes", "1073741824", "most that the spool grows to", "dung lượng hàng đợi"),
        SettingKey("sender.entry_limit_bytes", "65536", "largest entry", "bản ghi lớn nhất"),
        SettingKey("sender.inbox", "inbox", "drop folder of `hoso agent`", "thư mục nhận tệp của `hoso agent`"),
        SettingKey(
            "sender.mapping", "", "mapping file of the drop folder; empty: hoso's own NDJSON",
            "tệp ánh xạ; để trống: NDJSON của hoso"),
        SettingKey(
            "sender.closes_at", "17:30", "when the day is closed with a manifest, HH:MM; empty: never",
            "giờ chốt ngày, HH:MM; để trống: không chốt"),
        SettingKey(
            "survey.endpoint", "ipc://surveys.sock", "where survey senders reach the relay",
            "nơi điểm gửi khảo sát kết nối"),
        SettingKey(
            "survey.server_key", "", "file with the relay's secret key; needed to listen on tcp://",
            "tệp khóa bí mật của dịch vụ khảo sát; cần để nhận qua tcp://"),
        SettingKey(
            "survey.sender_keys", "", "public keys of survey senders on other machines, for the relay",
            "khóa công khai của điểm gửi khảo sát ở máy khác"),
        SettingKey(
            "survey.key", "", "file with a survey sender's secret key; needed where survey.endpoint is tcp://",
            "tệp khóa bí mật của điểm gửi khảo sát; cần khi survey.endpoint là tcp://"),
        SettingKey(
            "survey.centre_key", "", "public key of the relay, for survey senders on other machines",
            "khóa công khai của dịch vụ khảo sát, dùng cho điểm gửi khảo sát"),
        SettingKey(
            "survey.sampling_rate", "1.0", "share of dossiers that get a task, 0 to 1",
            "tỷ lệ hồ sơ được khảo sát, 0 đến 1"),
        SettingKey(
            "survey.quiet_days", "0", "days for which a citizen is left in peace",
            "số ngày không hỏi lại một công dân"),
        SettingKey(
            "survey.channels", "in_person,online,postal", "channels that are surveyed",
            "hình thức nộp được khảo sát"),
        SettingKey(
            "survey.minimum_contact_age_hours", "0", "hours after reception before the contact is used",
            "số giờ sau tiếp nhận mới liên hệ"),
        SettingKey(
            "survey.lease_seconds", "30", "a task not acknowledged for longer is delivered again",
            "nhiệm vụ không được xác nhận sẽ gửi lại sau"),
        SettingKey(
            "aggregator.interval_milliseconds", "100", "pause between looks at the ledger",
            "khoảng nghỉ giữa hai lần tổng hợp"),
    ]
}
