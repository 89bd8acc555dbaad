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
        /// Citizens of the quiet period who are known by a keyed hash now.
        package internal(set) var contacts = 0
        /// Whether nothing is left to be done.
        package internal(set) var isDone = false
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
        var isDone = try await sealDossiers(goesOn)
        if isDone { isDone = try await sealQuarantine(goesOn) }
        if isDone { isDone = try await keyContacts(goesOn) }
        let entries = progress.dossiers + progress.entries + progress.contacts
        if entries > 0 { try await AccessAudit(connection).note(resealed: entries, by: byWhom) }
        progress.isDone = isDone
        return progress
    }

    private mutating func sealDossiers(_ goesOn: (Progress) -> Bool) async throws -> Bool {
        let applicants = ApplicantTable(connection)
        // What was revised between reading and writing is found again in the next round.
        for _ in 0..<Self.mostRounds {
            var (code, left) = ("", 0)
            progress.closed = 0
            while true {
                let rows = try await applicants.stale(after: code, key: vault.currentKey, limit: Self.chunk)
                guard let last = rows.last else { break }
                let changes = rows.compactMap(change)
                let stored = try await patiently { () async throws(PostgresError) in try await applicants.apply(changes)
                }
                progress.dossiers += stored
                progress.closed += rows.count - changes.count
                left += changes.count - stored
                code = last.code
                guard goesOn(progress) else { return false }
            }
            if left == 0 { return true }
        }
        return false
    }

    private mutating func sealQuarantine(_ goesOn: (Progress) -> Bool) async throws -> Bool {
        let quarantine = QuarantineTable(connection)
        var id: Int64 = 0
        while true {
            let bodies = try await quarantine.stale(after: id, key: vault.currentKey, limit: Self.chunk)
            guard let last = bodies.last else { return true }
            let sealed = bodies.compactMap(resealed)
            try await patiently { () async throws(PostgresError) in try await quarantine.reseal(sealed) }
            progress.entries += sealed.count
            progress.closed += bodies.count - sealed.count
            id = last.id
            guard goesOn(progress) else { return false }
        }
    }

    private mutating func keyContacts(_ goesOn: (Progress) -> Bool) async throws -> Bool {
        let contacts = UnkeyedContacts(connection)
        while true {
            let hashes = try await contacts.some(limit: Self.chunk)
            guard !hashes.isEmpty else { return true }
            // Workers have only ever written 32 bytes.
            let pairs = hashes.map { (old: $0, new: Digest($0).map { protection.hash($0).bytes } ?? $0) }
            try await patiently { () async throws(PostgresError) in try await contacts.replace(pairs) }
            progress.contacts += hashes.count
            guard goesOn(progress) else { return false }
        }
    }

    private static var mostRounds: Int { 5 }

    /// Tries again what a worker holds up at the moment.
    private func patiently<Value>(
        _ body: () async throws(PostgresError) -> Value
    ) async throws(PostgresError) -> Value {
        for _ in 1..<Self.mostRounds {
            do throws(PostgresError) { return try await body() } catch {
                guard error.isRetriable, !error.isConnectionLost else { throw error }
            }
        }
        return try await body()
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
