import Cluster
import Foundation
import IntakeProtocol
import Keys
import Settings

/// This machine with hoso as services: where its package and `hoso setup` put things.
enum Site {
    /// The settings of its services.
    static let configuration = "/etc/hoso/hoso.yaml"
    /// A folder for each service, with the secrets that it needs.
    static let keys = "/etc/hoso/keys"
    /// A file with the password of each role of the database; no service is given the folder, and each its role's.
    static let passwords = keys + "/database"
    /// Spool and drop folder of this machine.
    static let sender = "/var/lib/hoso/sender"

    /// Whether the services have been set up.
    static var isConfigured: Bool { FileManager.default.fileExists(atPath: configuration) }

    /// Which users of this machine work as which roles of the database.
    static let users: [(user: String, roles: [String])] = [
        ("root", DatabaseRoles.all), ("hoso-migrate", [DatabaseRoles.migrating]), ("hoso-worker", ["hoso_ingest"]),
        ("hoso-aggregator", ["hoso_fold"]), ("hoso-surveys", ["hoso_relay"]),
        ("hoso-operations", ["hoso_read", "hoso_operations"]),
    ]

    /// Makes the keys of a centre, or finds those that an interrupted run has left, and says so in settings.
    static func makeCentreKeys() throws -> [String: String] {
        let (server, receipts, personal) = (
            keys + "/broker/server", keys + "/worker/receipts", keys + "/worker/personal"
        )
        for folder in ["broker", "worker"] { try PrivateFolder.make("\(keys)/\(folder)") }
        let isThere: (String) -> Bool = { FileManager.default.fileExists(atPath: $0) }
        if !isThere(server) { _ = try KeyFile.make(server) }
        if !isThere(personal) { _ = try KeyFile.makeSealing(personal) }
        let receiptKey =
            isThere(receipts) ? try KeyFile.signingKey(receipts).publicKey : try KeyFile.makeSigning(receipts)
        return [
            "intake.server_key": server, "intake.receipt_key": receipts, "intake.receipt_keys": "\(receiptKey)",
            "personal.keys": personal,
        ]
    }

    /// Gives each service the secrets that the settings name and that it needs, and no others.
    ///
    /// Each has copies in a folder of its own, for systemd hands a service a whole folder.
    static func handOutKeys(_ settings: HosoSettings) throws {
        let personal = settings.personalKeys
        try handOut([settings.serverKey, settings.nextServerKey], [], to: "broker", settings)
        try handOut([settings.receiptKey, settings.workerKey] + personal, ["hoso_ingest"], to: "worker", settings)
        try handOut([settings.surveyServerKey] + personal, ["hoso_relay"], to: "surveys", settings)
        try handOut([], ["hoso_fold"], to: "aggregator", settings)
        try handOut([], ["hoso_read", "hoso_operations"], to: "operations", settings)
        try handOut(personal, [DatabaseRoles.migrating], to: "migrate", settings)
    }

    private static func handOut(
        _ files: [String?], _ roles: [String], to service: String, _ settings: HosoSettings
    ) throws {
        let folder = "\(keys)/\(service)"
        try PrivateFolder.make(folder)
        let passwords = settings.passwordPath.map { path in roles.map { "\(path)/\($0)" } } ?? []
        for path in files.compactMap({ $0 }) + passwords {
            let copy = folder + "/" + URL(fileURLWithPath: path).lastPathComponent
            guard copy != path else { continue }
            try SecretFile.write(try Data(contentsOf: URL(fileURLWithPath: path)), to: copy)
        }
    }
}

/// The roles by which services know the database.
enum DatabaseRoles {
    /// The role that migrates, and that owns the database.
    static let migrating = "hoso_migrate"
    /// The roles of services.
    static let services = ["hoso_ingest", "hoso_fold", "hoso_relay", "hoso_read", "hoso_operations"]
    /// All of them.
    static var all: [String] { [migrating] + services }
}

/// A file that only its owner can read.
enum SecretFile {
    /// Writes it in one step, unless it says the same already.
    static func write(_ data: Data, to path: String) throws {
        let url = URL(fileURLWithPath: path)
        guard (try? Data(contentsOf: url)) != data else { return }
        let fresh = path + ".new"
        try? FileManager.default.removeItem(atPath: fresh)
        guard
            FileManager.default.createFile(atPath: fresh, contents: data, attributes: [.posixPermissions: 0o600])
        else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: fresh]) }
        // In place of the one that is there: killed at any moment, one of the two is there.
        guard FileManager.default.fileExists(atPath: path) else {
            return try FileManager.default.moveItem(atPath: fresh, toPath: path)
        }
        _ = try FileManager.default.replaceItemAt(url, withItemAt: URL(fileURLWithPath: fresh))
    }
}
