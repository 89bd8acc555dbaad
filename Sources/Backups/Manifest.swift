import Crypto
import Foundation

/// What a backup says of itself: when and by what it was made, how much is in it, and what its files were.
package struct Manifest: Codable, Sendable {
    /// A file of a backup.
    struct File: Codable, Sendable {
        let name: String
        let bytes: Int
        /// SHA-256 in hexadecimal.
        let digest: String
    }

    /// The version of this format.
    var format = 1
    /// The program that made it.
    package let software: String
    /// The number of the last migration.
    package let schema: Int32
    /// When, RFC 3339 in UTC: what was committed before is in it.
    package let takenAt: String
    /// The version of the server.
    let server: String
    /// Rows of each table.
    package let rows: [String: Int64]
    let files: [File]

    static func path(in folder: String) -> String { folder + "/manifest.json" }

    /// Writes it, last of all: a backup without it is none.
    func write(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        let file = URL(fileURLWithPath: Self.path(in: folder))
        try encoder.encode(self).write(to: file)
        let handle = try FileHandle(forUpdating: file)
        try handle.synchronize()
        try handle.close()
    }

    /// Reads it, and compares every file with what was written.
    package static func read(checking folder: String) throws(BackupError) -> Manifest {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path(in: folder))),
            let manifest = try? decoder.decode(Manifest.self, from: data), manifest.format == 1
        else { throw BackupError(.incomplete) }
        for file in manifest.files {
            let found = try? File(file.name, in: folder)
            guard found?.bytes == file.bytes, found?.digest == file.digest else {
                throw BackupError(.damaged(file.name))
            }
        }
        return manifest
    }
}

extension Manifest.File {
    /// A file as it is now, read piece by piece.
    init(_ name: String, in folder: String) throws {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: "\(folder)/\(name)"))
        defer { try? handle.close() }
        var (bytes, hash) = (0, SHA256())
        while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
            bytes += piece.count
            hash.update(data: piece)
        }
        self.name = name
        self.bytes = bytes
        digest = hash.finalize().map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }.joined()
    }

    /// The files of a dump.
    static func all(in folder: String) throws -> [Manifest.File] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).sorted().compactMap { name in
            let attributes = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
            guard attributes[.type] as? FileAttributeType == .typeRegular else { return nil }
            return try Manifest.File(name, in: folder)
        }
    }
}
