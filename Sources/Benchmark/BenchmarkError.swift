/// A measurement could not be taken, or what it moved did not come out as it went in.
package struct BenchmarkError: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    package enum Code: Sendable, Equatable {
        /// A figure at the end is not what was sent.
        case inexact(what: String, expected: Int64, found: Int64)
        /// The roll-up and a recount of the dossiers differ.
        case rollUpDiffers
        /// Nothing has moved for a minute.
        case stalled(what: String)
        /// A service did not come up.
        case notReady
        /// The processes or the lag of the figures could not be observed.
        case notObserved
        /// A made-up dossier is not valid on this machine.
        case sampleRefused
        /// A command left with a code other than 0.
        case commandFailed(command: String, status: String)
    }

    /// What went wrong.
    package let code: Code

    init(_ code: Code) { self.code = code }

    /// Whether hoso itself is wrong, rather than what it depends on.
    package var isInternal: Bool {
        switch code {
        case .inexact, .rollUpDiffers: true
        case .stalled, .notReady, .notObserved, .sampleRefused, .commandFailed: false
        }
    }

    /// What went wrong.
    package var description: String {
        switch code {
        case .inexact(let what, let expected, let found): "not exact: \(what): \(found) instead of \(expected)"
        case .rollUpDiffers: "not exact: the roll-up differs from a recount of the dossiers"
        case .stalled(let what): "nothing has moved for a minute: \(what)"
        case .notReady: "the services did not come up within a minute"
        case .notObserved: "the processes or the lag of the figures could not be observed"
        case .sampleRefused: "a made-up dossier of 2022 to 2025 is not valid here: is the clock of this machine right?"
        case .commandFailed(let command, let status): "\(command) failed: \(status)"
        }
    }

    /// What went wrong, in Vietnamese.
    package var vietnamese: String {
        switch code {
        case .inexact(let what, let expected, let found): "không chính xác: \(what): \(found) thay vì \(expected)"
        case .rollUpDiffers: "không chính xác: số liệu tổng hợp khác kết quả đếm lại từ hồ sơ"
        case .stalled(let what): "đã một phút không có tiến triển: \(what)"
        case .notReady: "các dịch vụ không khởi động được trong một phút"
        case .notObserved: "không quan sát được các tiến trình hoặc độ trễ tổng hợp"
        case .sampleRefused: "hồ sơ mẫu (2022–2025) không hợp lệ trên máy này: đồng hồ của máy có đúng không?"
        case .commandFailed(let command, let status): "\(command) bị lỗi: \(status)"
        }
    }
}
