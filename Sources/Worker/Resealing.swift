import Dossiers
package import PersonalData
package import Postgres
import Store

/// Seals with the key in force what another key has sealed, or none: when the key changes, and once for what is older than
/// sealing.
///
/// It may be interrupted at any moment and run again; services go on meanwhile.
package struct Resealing {
    /// How far it is.
    package struct Progress: Sendable, Equatable {
        /// Dossiers of which the applicant has been sealed anew.
        package internal(set) var dossiers = 0
        /// Quarantined entries that have been sealed anew.
        package internal(set) var entries = 0
        /// What could not be opened and stays as it is: sealed with a key that is not at hand, or damaged.
        package internal(set) var closed = 0
    }

    private let connection: Connection
    private let vault: Vault
    private let protection: Protection
    private var progress = Progress()

    /// Resealing on a connection.
    package init(_ connection: Connection, vault: Vault) async throws {
        self.connection = connection
        self.vault = vault
        let secret = HashSecret(connection)
        let sealed = try await secret.sealed { Protection.sealedSecret(by: vault) }
        protection = try Protection(vault, sealedSecret: sealed)
        if !vault.isCurrent(sealed) {
            let opened = try vault.open(sealed, for: .hashSecret)
            try await secret.reseal(sealed, as: vault.seal(opened, for: .hashSecret))
        }
    }

    private static let chunk = 500

    /// Does it.
    /// - Parameter goesOn: called after each chunk; false ends it in order.
    package mutating func run(byWhom: String, goesOn: (Progress) -> Bool) async throws -> Progress {
        let audit = AccessAudit(connection), applicants = ApplicantTable(connection)
        var code = ""
        while true {
            let rows = try await applicants.stale(after: code, key: vault.currentKey, limit: Self.chunk)
            guard let last = rows.last else { break }
            try await audit.note(.reseal, of: "dossiers \(rows[0].code)–\(last.code)", entries: rows.count, by: byWhom)
            let changes = rows.compactMap(change)
            try await applicants.apply(changes)
            progress.dossiers += changes.count
            progress.closed += rows.count - changes.count
            code = last.code
            guard goesOn(progress) else { return progress }
        }
        let quarantine = QuarantineTable(connection)
        var id: Int64 = 0
        while true {
            let bodies = try await quarantine.stale(after: id, key: vault.currentKey, limit: Self.chunk)
            guard let last = bodies.last else { break }
            try await audit.note(
                .reseal, of: "quarantine \(bodies[0].id)–\(last.id)", entries: bodies.count, by: byWhom)
            let sealed = bodies.compactMap(resealed)
            try await quarantine.reseal(sealed)
            progress.entries += sealed.count
            progress.closed += bodies.count - sealed.count
            id = last.id
            guard goesOn(progress) else { return progress }
        }
        return progress
    }

    private func change(_ row: ApplicantTable.Row) -> ApplicantTable.Change? {
        let content = row.unkeyedContent.flatMap { Digest($0) }.map { protection.hash($0).bytes }
        if row.isErased { return ApplicantTable.Change(row: row, personal: nil, content: content) }
        guard let personal = row.personal else {
            let (id, name, phone) = row.plain
            let details = ApplicantDetails(id: id, name: name, phone: phone)
            let isKnown = id != nil || name != nil || phone != nil
            let sealed = isKnown ? vault.seal(details.bytes, for: .dossier(row.code)) : nil
            return ApplicantTable.Change(row: row, personal: sealed, content: content)
        }
        guard let opened = try? vault.open(personal, for: .dossier(row.code)) else { return nil }
        return ApplicantTable.Change(
            row: row, personal: vault.seal(opened, for: .dossier(row.code)), content: content)
    }

    private func resealed(_ body: QuarantineTable.SealedBody) -> QuarantineTable.SealedBody? {
        let place = Vault.Place.quarantine(body.digest)
        guard let opened = body.isSealed ? try? vault.open(body.body, for: place) : body.body else { return nil }
        return QuarantineTable.SealedBody(
            id: body.id, digest: body.digest, body: vault.seal(opened, for: place), isSealed: true)
    }
}
