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
/// goes out as corrections. A file is complete when it has its final name: writers write `NAME.part` and rename it. Files whose names end in
/// `.part` or begin with a full stop are left alone.
package actor Inbox: Service {
    private let executor: PollingExecutor
    private let folder: URL
    private let mapping: MappingFile
    private let spool: SpoolDatabase
    private let language: Language
    private let logger: Logger
    private let stop = Signal()
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
                // Another file of the same name may have been renamed over one that waits for receipts.
                if waiting[file.path]?.identity != FileIdentity(path: file.path) { try await take(file) }
                try settle(file)
            } catch let error as MappingError {
                fail(file, sentences: error.sentences(in: language))
            } catch {
                logger.error(
                    "cannot take a file", metadata: ["file": "\(file.lastPathComponent)", "reason": "\(error)"])
            }
        }
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

    /// What names of files with refused dossiers end in; they are hoso's own NDJSON, whatever the others are.
    private static let correctionsSuffix = ".rejected.ndjson"

    private func take(_ file: URL) async throws {
        let mapping = file.lastPathComponent.hasSuffix(Self.correctionsSuffix) ? .native : mapping
        var feeder = try Feeder(path: file.path, mapping: mapping, spool: spool, isAgain: false)
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
        let target = folder.appendingPathComponent(report.isClean ? "done" : "failed")
        let place = try free(target.appendingPathComponent(file.lastPathComponent))
        try report.json().write(to: place.appendingPathExtension("report.json"), options: .atomic)
        var remarks = [report.remark(listed: report.lines, in: language)].compactMap(\.self)
        if let corrections = try FileReport.corrections(source: source, spool: spool, language: language) {
            // Beside the file itself, which may be one of corrections and have that name.
            let name = try free(
                Self.corrections(of: file, in: target), besides: place
            ).lastPathComponent
            try corrections.write(to: target.appendingPathComponent(name), options: .atomic)
            remarks.append(
                language == .vietnamese
                    ? "Sửa các dòng trong \(name) rồi chép tệp đó vào thư mục nhận để gửi lại."
                    : "Mend the lines in \(name) and put that file into the drop folder to send them again.")
        }
        let text =
            ([report.summary(in: language)] + report.sentences + remarks)
            .joined(separator: "\n") + "\n"
        try Data(text.utf8).write(to: place.appendingPathExtension("report.txt"), options: .atomic)
        // Before the file is moved: whoever puts it back afterwards wants it sent again.
        try spool.settle(source: source)
        try FileManager.default.moveItem(at: file, to: place)
        waiting[file.path] = nil
        logger.info(
            "file settled",
            metadata: [
                "file": "\(file.lastPathComponent)", "stored": "\(report.counts.stored)",
                "duplicate": "\(report.counts.duplicate)", "quarantined": "\(report.counts.quarantined)",
                "unreadable": "\(report.unreadable)",
            ])
    }

    /// `NAME.rejected.ndjson`, also for what was refused of such a file.
    private static func corrections(of file: URL, in folder: URL) -> URL {
        let name = file.lastPathComponent
        let stem = name.hasSuffix(correctionsSuffix) ? String(name.dropLast(correctionsSuffix.count)) : name
        return folder.appendingPathComponent(stem + correctionsSuffix)
    }

    /// A file of which nothing can be read goes to `failed/` with the reasons; nothing of it is lost.
    private func fail(_ file: URL, sentences: [String]) {
        logger.error("file cannot be read", metadata: ["file": "\(file.lastPathComponent)"])
        do {
            let place = try free(folder.appendingPathComponent("failed").appendingPathComponent(file.lastPathComponent))
            let text = sentences.joined(separator: "\n") + "\n"
            try Data(text.utf8).write(to: place.appendingPathExtension("report.txt"), options: .atomic)
            try FileManager.default.moveItem(at: file, to: place)
        } catch {
            logger.error("cannot move a file", metadata: ["file": "\(file.lastPathComponent)", "reason": "\(error)"])
        }
    }

    /// The place itself, or, when a file of that name is there already, one with a number.
    private func free(_ place: URL, besides taken: URL? = nil) throws -> URL {
        let name = place.lastPathComponent
        let suffix = name.hasSuffix(Self.correctionsSuffix) ? Self.correctionsSuffix : ""
        var candidate = place
        var number = 1
        while FileManager.default.fileExists(atPath: candidate.path) || candidate.path == taken?.path {
            number += 1
            candidate = place.deletingLastPathComponent().appendingPathComponent(
                "\(name.dropLast(suffix.count)).\(number)\(suffix)")
        }
        return candidate
    }
}
