import Agent
import ArgumentParser
import Dossiers
import Foundation
import Logging
import Mapping
import Settings
import Spool
import UnixSignals

/// One run of `hoso send`: feeds the spool while a courier sends, and shows how far it is.
struct Sending {
    let settings: HosoSettings
    let mapping: MappingFile
    let files: [String]

    private enum Event: Sendable {
        case reported([FileReport])
        case interrupted
        case carried
    }

    /// The reports on all files, once every row has its receipt.
    func run() async throws -> [FileReport] {
        let spool = try settings.openSpool()
        defer { spool.close() }
        let turn = SendingTurn(spool, settings: settings)
        let thread = try FeedingThread(spool, mapping: mapping, turn: turn, language: settings.language)
        let event = try await first(of: turn, thread)
        if case .reported(let reports) = event { return reports }
        let isRead = await thread.hasReadAll
        try explainInterruption(rows: spool.counts().pending, isRead: isRead)
        throw ExitCode(69)
    }

    private func first(of turn: SendingTurn, _ thread: FeedingThread) async throws -> Event {
        let files = files
        return try await withThrowingTaskGroup(of: Event.self) { group in
            group.addTask {
                try await turn.run()
                return .carried
            }
            group.addTask { .reported(try await thread.feed(files)) }
            group.addTask {
                for await _ in await UnixSignalsSequence(trapping: EndingSignals.all) { return .interrupted }
                return .carried
            }
            defer { group.cancelAll() }
            while let event = try await group.next() {
                if case .carried = event { continue }
                return event
            }
            return .interrupted
        }
    }

    private func explainInterruption(rows: Int64, isRead: Bool) {
        let language = settings.language
        Console.error(
            language.choose(
                "Đã ngắt. \(rows) dòng còn trên máy này; lần chạy `hoso send` hoặc `hoso agent` sau sẽ gửi tiếp.",
                "Interrupted. \(rows) rows are on this device; the next `hoso send` or `hoso agent` sends them."))
        guard !isRead else { return }
        Console.error(
            language.choose(
                "Tệp chưa được đọc hết: hãy gửi lại tệp, dòng đã gửi không bị tính hai lần.",
                "Not all was read: send the files again, what has been sent is not counted twice."))
    }
}

/// The right to send from the spool: while another process has it (an agent), that one sends our entries too; when it
/// ends, this process takes over.
actor SendingTurn {
    private let spool: SpoolDatabase
    private let settings: HosoSettings
    private var courier: Courier?

    init(_ spool: SpoolDatabase, settings: HosoSettings) {
        self.spool = spool
        self.settings = settings
    }

    /// Sends until the task is cancelled.
    func run() async throws {
        var lock = try SpoolLock.acquire(spool: settings.spoolPath)
        while lock == nil {
            try await Task.sleep(for: .seconds(1))
            lock = try SpoolLock.acquire(spool: settings.spoolPath)
        }
        defer { withExtendedLifetime(lock) {} }
        var logger = settings.logger("send")
        // What the courier has to say, the progress says.
        if settings.logLevel == .info { logger.logLevel = .error }
        let courier = try Courier(
            spool, routes: try settings.routes(), evidence: try settings.evidence(), software: Program.software,
            logger: logger)
        self.courier = courier
        try await courier.run()
    }

    /// Whether the centre answers, and how many entries are on their way; `nil` while another process sends.
    func state() async -> (isWelcome: Bool, entriesOnTheWay: Int)? {
        guard let courier else { return nil }
        return await (courier.isWelcome, courier.entriesOnTheWay)
    }
}
