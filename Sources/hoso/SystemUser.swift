import Foundation

/// A user of this machine that its own files name, as those of services do.
struct SystemUser: Sendable {
    /// Its number.
    let number: UInt32
    /// The number of its group.
    let group: UInt32

    /// The user of a name; `nil` when there is none.
    init?(named name: String) {
        let lines = ((try? String(contentsOfFile: "/etc/passwd", encoding: .utf8)) ?? "").split(separator: "\n")
        for line in lines {
            let parts = line.split(separator: ":", omittingEmptySubsequences: false)
            if parts.count > 3, parts[0] == name, let number = UInt32(parts[2]), let group = UInt32(parts[3]) {
                (self.number, self.group) = (number, group)
                return
            }
        }
        return nil
    }
}
