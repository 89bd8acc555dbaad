import Foundation
import Logging
import Subprocess
import SystemPackage

/// The program of `hoso surveys listen --exec`, which carries out one task per run.
enum SurveyProgram {
    /// Runs the program with a task on its standard input; true when it leaves with 0.
    static func hand(_ line: [UInt8], to program: String, _ logger: Logger) async -> Bool {
        do {
            let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
            let result = try await Subprocess.run(
                executable, input: .fileDescriptor(filledPipe(line + [10]), closeAfterSpawningProcess: true),
                output: .currentStandardOutput, error: .currentStandardError)
            if !result.terminationStatus.isSuccess {
                logger.warning("the program failed", metadata: ["status": "\(result.terminationStatus)"])
            }
            return result.terminationStatus.isSuccess
        } catch {
            logger.error("the program cannot be run", metadata: ["program": "\(program)", "reason": "\(error)"])
            return false
        }
    }

    /// The end to read from of a pipe that holds the whole input, which is far smaller than what a pipe holds.
    ///
    /// So nobody writes while the program runs, and one that ends without reading does no harm: a writer would
    /// get SIGPIPE, and swift-subprocess 1.0 traps when such a write fails.
    private static func filledPipe(_ bytes: [UInt8]) throws -> FileDescriptor {
        let (input, output) = try FileDescriptor.pipe()
        do {
            _ = fcntl(output.rawValue, F_SETFL, O_NONBLOCK)
            guard try output.writeAll(bytes) == bytes.count else { throw Errno.wouldBlock }
            try output.close()
            return input
        } catch {
            try? output.close()
            try? input.close()
            throw error
        }
    }
}
