import Foundation

/// The child's end of a supervisor's pipe.
package enum Lifeline {
    /// Ends this process by SIGTERM when its supervisor is gone.
    ///
    /// Call it once, at the start of a supervised service.
    package static func watch() {
        guard ProcessInfo.processInfo.environment["HOSO_SUPERVISED"] == "1" else { return }
        let thread = Thread {
            while !FileHandle.standardInput.readData(ofLength: 1).isEmpty {}
            kill(getpid(), SIGTERM)
        }
        thread.name = "lifeline"
        thread.start()
    }
}
