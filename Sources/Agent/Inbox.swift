package import Dossiers
import Foundation
package import Logging
package import Mapping
import Polling
import ServiceLifecycle
package import Spool

/// Watches a drop folder: complete files go into the spool, and, once every entry has its receipt, to `done/` or
/// `failed/` with a report beside them.
///
/// What the centre refused stands beside the report as `NAME.rejected.ndjson`: mended and put back into the folder, it
/// goes out as corrections. A file is complete when it has its final name: writers write `NAME.part` and rename it.
/// Files whose names end in `.part` or begin with a full stop are left alone.
package actor Inbox: Service {
    private let executor: PollingExecutor
    private let folder: URL
    private let mapping: MappingFile
    private let spool: SpoolDatabase
    private let language: Language
    private let logger: Logger
    private let stop = Signal()
    /// What was last said of a file that makes trouble.
    private var complaints: [String: String] = [:]
    /// Files that have been read and wait for receipts.
    private var waiting: [String: (source: Int64, identity: FileIdentity)] = [:]

    /// The inbox's thread: reading files and the spool blocks.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// An inbox over a folder, which is made if it is missing.
    package init(
        folder path: String, mapping: MappingFile, spool: SpoolDatabase, language: Language, logger: Logger
    ) throws {
        executor = try PollingExecutor(name: "hoso-inbox")
        folder = URL(fileURLWithPath: path, isDirectory: true)
        self.mapping = mapping
        self.spool = spool
        self.language = language
        self.logger = logger
        for name in ["", "done", "failed"] {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
        }
    }

    isolated deinit { executor.stop() }

    /// Watches until the service is shut down.
    package func run() async throws {
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                try? await gracefulShutdown()
                await self.beginStop()
            }
            defer { group.cancelAll() }
            for (source, place) in try spool.interruptedMoves() where exists(place) { try spool.moved(source: source) }
            while !stop.isRaised, !Task.isCancelled {
                await look()
                _ = await executor.wait(for: [.signal(stop)], until: .now.advanced(by: .milliseconds(300)))
            }
        }
    }

    private func beginStop() { stop.raise() }

    private func look() async {
        for file in files() where !stop.isRaised {
            do {
                let identity = FileIdentity(path: file.path)
                if let identity, waiting[file.path]?.identity != identity, try finishMove(of: file, identity) {
                    continue
                }
                // Another file of the same name may have been renamed over one that waits for receipts.
                if waiting[file.path]?.identity != identity { try await take(file) }
                try settle(file)
            } catch let error as MappingError {
                fail(file, sentences: error.sentences(in: language))
            } catch {
                complain(of: file, error)
            }
        }
    }

    /// Moves a file that was settled by one who was killed before moving it; false for every other.
    private func finishMove(of file: URL, _ identity: FileIdentity) throws -> Bool {
        let known = SpoolFile(
            path: file.path, inode: identity.inode, size: identity.size, modified: identity.modified)
        guard let (source, place) = try spool.interruptedMove(of: known), !exists(place) else { return false }
        try FileManager.default.moveItem(at: file, to: folder.appendingPathComponent(place))
        try spool.moved(source: source)
        return true
    }

    private func exists(_ place: String) -> Bool {
        FileManager.default.fileExists(atPath: folder.appendingPathComponent(place).path)
    }

    /// Says once what is the matter with a file, and again when it is something else.
    private func complain(of file: URL, _ error: any Error) {
        let reason = (error as? CocoaError)?.localizedDescription ?? "\(error)"
        guard complaints.updateValue(reason, forKey: file.path) != reason else { return }
        logger.error(
            "a file waits in the drop folder, trying on",
            metadata: ["file": "\(file.lastPathComponent)", "reason": "\(reason)"])
    }

    private func files() -> [URL] {
        let found =
            (try? FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: [.isRegularFileKey], options: [.skipsHiddenFiles])) ?? []
        return found.filter { file in
            file.pathExtension != "part"
                && (try? file.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true
        }.sorted { $0.lastPathComponent < $1.lastPathComponent }
    }

    private func take(_ file: URL) async throws {
        var feeder = try Feeder(path: file.path, mapping: mapping.serving(file.path), spool: spool, isAgain: false)
        var hasReportedFull = false
        while !stop.isRaised, !Task.isCancelled {
            switch try feeder.step() {
            // A large file must not keep this thread from hearing that it is to stop.
            case .accepted: await Task.yield()
            case .finished:
                waiting[file.path] = (feeder.source.id, feeder.identity)
                logger.info("file accepted", metadata: ["file": "\(file.lastPathComponent)"])
                return
            case .full:
                if !hasReportedFull { logger.warning("the spool is full: waiting for receipts") }
                hasReportedFull = true
                _ = await executor.wait(for: [.signal(stop)], until: .now.advanced(by: .milliseconds(500)))
            }
        }
    }

    private func settle(_ file: URL) throws {
        guard let (source, identity) = waiting[file.path], identity == FileIdentity(path: file.path),
            try spool.counts(of: source).pending == 0
        else { return }
        let report = try FileReport(path: file.lastPathComponent, source: source, spool: spool, language: language)
        let relative = try spool.place(of: source) {
            let name = report.isClean ? "done" : "failed"
            return "\(name)/\(SettledNames(of: file, in: folder.appendingPathComponent(name)).settled)"
        }
        let place = folder.appendingPathComponent(relative)
        let (target, names) = (place.deletingLastPathComponent(), SettledNames(place.lastPathComponent))
        try report.json().write(to: place.appendingPathExtension("report.json"), options: .atomic)
        let corrections = try FileReport.corrections(source: source, spool: spool, language: language)
        var remarks = [report.remark(listed: report.lines, in: language)].compactMap(\.self)
        if corrections != nil {
            remarks += [
                language == .vietnamese
                    ? "Sửa các dòng trong \(names.refused) rồi chép tệp đó vào thư mục nhận để gửi lại."
                    : "Mend the lines in \(names.refused) and put that file into the drop folder to send them again."
            ]
        }
        if report.unreadable > 0 {
            remarks += [
                language == .vietnamese
                    ? "Những dòng không đọc được không nằm trong tệp đó: hãy nhập lại."
                    : "Rows that could not be read are not in that file: enter them again."
            ]
        }
        let text =
            ([report.summary(in: language)] + report.sentences + remarks)
            .joined(separator: "\n") + "\n"
        try Data(text.utf8).write(to: place.appendingPathExtension("report.txt"), options: .atomic)
        // After the report: whoever waits for the refused lines finds the reasons beside them.
        if let corrections { try write(corrections, to: target.appendingPathComponent(names.refused)) }
        // Before the file is moved: whoever puts it back afterwards wants it sent again.
        try spool.settle(source: source)
        try FileManager.default.moveItem(at: file, to: place)
        try spool.moved(source: source)
        waiting[file.path] = nil
        complaints[file.path] = nil
        logger.info(
            "file settled",
            metadata: [
                "file": "\(file.lastPathComponent)", "stored": "\(report.counts.stored)",
                "duplicate": "\(report.counts.duplicate)", "quarantined": "\(report.counts.quarantined)",
                "unreadable": "\(report.unreadable)",
            ])
    }

    /// Writes a file that nobody else may read: it holds what citizens have handed in.
    private func write(_ data: Data, to place: URL) throws {
        let part = place.appendingPathExtension("part")
        try? FileManager.default.removeItem(at: part)
        let isMade = FileManager.default.createFile(
            atPath: part.path, contents: data, attributes: [.posixPermissions: 0o600])
        guard isMade else { throw CocoaError(.fileWriteUnknown) }
        try? FileManager.default.removeItem(at: place)
        try FileManager.default.moveItem(at: part, to: place)
    }

    /// A file of which nothing can be read goes to `failed/` with the reasons; nothing of it is lost.
    private func fail(_ file: URL, sentences: [String]) {
        logger.error("file cannot be read", metadata: ["file": "\(file.lastPathComponent)"])
        do {
            let target = folder.appendingPathComponent("failed")
            let place = target.appendingPathComponent(SettledNames(of: file, in: target).settled)
            let text = sentences.joined(separator: "\n") + "\n"
            try Data(text.utf8).write(to: place.appendingPathExtension("report.txt"), options: .atomic)
            try FileManager.default.moveItem(at: file, to: place)
        } catch {
            logger.error("cannot move a file", metadata: ["file": "\(file.lastPathComponent)", "reason": "\(error)"])
        }
    }
}

/// The names of a settled file and of what was refused of it.
///
/// `NAME` and `NAME.rejected.ndjson`. A file of corrections, `NAME.rejected.ndjson`, becomes `NAME.corrected.ndjson`, so
/// that only what is still to be mended goes by the former name. Where one of them is taken, there is a number.
struct SettledNames {
    private static let suffix = MappingFile.correctionsSuffix
    private static let corrected = ".corrected.ndjson"

    let settled: String
    let refused: String

    /// The names that go with that of a settled file.
    init(_ settled: String) {
        self.settled = settled
        let isCorrected = settled.hasSuffix(Self.corrected)
        refused = (isCorrected ? String(settled.dropLast(Self.corrected.count)) : settled) + Self.suffix
    }

    /// The first names for a file that nothing else in a folder has.
    init(of file: URL, in folder: URL) {
        let name = file.lastPathComponent
        let isCorrections = name.hasSuffix(Self.suffix)
        let stem = isCorrections ? String(name.dropLast(Self.suffix.count)) : name
        let isTaken: (String) -> Bool = { name in
            FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
        }
        var number = 1
        while true {
            let numbered = (number == 1 ? stem : "\(stem).\(number)") + (isCorrections ? Self.corrected : "")
            self.init(numbered)
            if !isTaken(settled), !isTaken(refused), !isTaken(settled + ".report.txt") { return }
            number += 1
        }
    }
}
