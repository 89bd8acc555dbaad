import Dossiers
import Foundation
import Mapping
import Synchronization

extension FuzzTarget {
    /// A mapping file is understood or every problem is named; whatever is read by it, reading ends.
    func checkMapping(_ bytes: [UInt8]) throws(FuzzFinding) {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        guard let yaml = String(validating: parts[0], as: UTF8.self) else { return }
        let mapping: MappingFile
        do throws(MappingError) {
            mapping = try MappingFile(yaml: yaml, name: "mapping.yaml")
        } catch {
            try require(error.code == .mappingInvalid && !error.problems.isEmpty, "a problem is named")
            return try checkSentences(error)
        }
        if parts.count == 2 { try checkSource(Array(parts[1]), mapping) }
    }

    /// Reading ends, no line is reported twice, and whatever was read survives the way through a native line.
    func checkSource(_ bytes: [UInt8], _ mapping: MappingFile) throws(FuzzFinding) {
        let file = try succeed("a file") { try SourceCopy(bytes) }
        let rows: [SourceRow]
        do throws(MappingError) {
            rows = try Self.rows(file.path, mapping)
        } catch {
            return try checkSentences(error)
        }
        try require(zip(rows, rows.dropFirst()).allSatisfy { $0.line < $1.line }, "lines come once, in order")
        let isPlain = !bytes.starts(with: [0x1F, 0x8B])
        let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
        try require(!isPlain || (rows.last?.line ?? 0) <= lines, "there are no more lines than there are")
        var submissions: [Submission] = []
        for row in rows {
            switch row.content {
            case .submission(let submission): submissions.append(submission)
            case .unreadable(let fault):
                for language in [Language.vietnamese, .english] {
                    try require(!fault.sentence(in: language).isEmpty, "\(fault.code) has a sentence")
                }
            }
        }
        guard !submissions.isEmpty else { return }
        let copy = try succeed("a file") { try SourceCopy(submissions.flatMap { $0.nativeLine() }) }
        let again = try succeed("native lines") { try Self.rows(copy.path, .native) }
        let isSame = zip(again, submissions).allSatisfy { row, submission in
            if case .submission(let read) = row.content { Self.same(read, submission) } else { false }
        }
        // What is longer than a line may be cannot come this way.
        let isShort = bytes.count < SubmissionReader.largestRecord / 8 && isPlain
        try require(!isShort || (isSame && again.count == submissions.count), "a native line is read as it was written")
    }

    private static func rows(_ path: String, _ mapping: MappingFile) throws(MappingError) -> [SourceRow] {
        var reader = try SubmissionReader(path: path, mapping: mapping)
        var rows: [SourceRow] = []
        // A zipped file of a few bytes may have any number of lines.
        while rows.count < 20_000, let row = try reader.next() { rows.append(row) }
        return rows
    }

    private func checkSentences(_ error: MappingError) throws(FuzzFinding) {
        for language in [Language.vietnamese, .english] {
            try require(error.sentences(in: language).allSatisfy { !$0.isEmpty }, "\(error.code) has a sentence")
        }
    }
}

/// A file in memory, if there is such a folder, that lives as long as this object.
private final class SourceCopy {
    let path: String

    init(_ bytes: [UInt8]) throws {
        let number = Self.last.withLock { last in
            last += 1
            return last
        }
        path = FuzzFolder.path + "/source-\(number)"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    private static let last = Mutex(0)
}

/// A folder of this process for files that are written for each input; it is left to whoever clears the memory file system.
enum FuzzFolder {
    static let path: String = {
        let memory = "/dev/shm"
        let parent =
            FileManager.default.isWritableFile(atPath: memory) ? memory : FileManager.default.temporaryDirectory.path
        let path = "\(parent)/hoso-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: FuzzFolder.path) }
        return path
    }()
}
