import Foundation

/// The secrets that systemd hands to a service: copies of the files in the folder of the service, which only it can read.
///
/// The units load the folder as `keys`, and systemd names what is in it `keys_NAME`.
package struct Credentials: Sendable, Equatable {
    private let folder: String?

    /// What lies in a folder; `nil` where there is none.
    package init(folder: String?) { self.folder = folder }

    /// The copy of a file; `nil` when this service was given none.
    package func copy(of path: String) -> String? {
        guard let folder else { return nil }
        let copy = "\(folder)/keys_\(URL(fileURLWithPath: path).lastPathComponent)"
        return FileManager.default.fileExists(atPath: copy) ? copy : nil
    }
}

extension HosoSettings {
    /// The password of a role, read when it is needed: a service is given its own role's only.
    /// - Returns: `nil` when no file is named.
    /// - Throws: ``SettingsError`` when the file cannot be read.
    package func databasePassword(of role: String) throws(SettingsError) -> String? {
        guard let passwordPath else { return nil }
        let named = credentials.copy(of: "\(passwordPath)/\(role)")
        let path = named ?? credentials.copy(of: passwordPath) ?? Self.file(of: role, at: passwordPath)
        if let text = try? String(contentsOfFile: path, encoding: .utf8) {
            return text.trimmingCharacters(in: .newlines)
        }
        throw SettingsError(
            problems: [
                SettingsError.Problem(
                    key: "database.password_file", vietnamese: "không đọc được \(path)",
                    english: "\(path) cannot be read")
            ], language: language)
    }

    private static func file(of role: String, at path: String) -> String {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.type] as? FileAttributeType == .typeDirectory ? "\(path)/\(role)" : path
    }
}
