/// The numbered migrations of the database, in order, as they lie beside this file.
package enum Migrations {
    /// A migration.
    package struct Migration: Sendable {
        /// Its number; numbers begin at 1 and have no gaps.
        package let number: Int32
        /// Its name, as in the file's name.
        package let name: String
        /// Its statements.
        package let sql: String
    }

    /// Who owns what and who may do what, once all migrations have been applied.
    package static let privileges = String(decoding: PackageResources.privileges_sql, as: UTF8.self)

    /// All of them.
    package static let all: [Migration] = [
        Migration(number: 1, name: "intake", sql: String(decoding: PackageResources._001_intake_sql, as: UTF8.self)),
        Migration(
            number: 2, name: "revisions", sql: String(decoding: PackageResources._002_revisions_sql, as: UTF8.self)),
        Migration(number: 3, name: "speed", sql: String(decoding: PackageResources._003_speed_sql, as: UTF8.self)),
        Migration(number: 4, name: "members", sql: String(decoding: PackageResources._004_members_sql, as: UTF8.self)),
        Migration(number: 5, name: "grants", sql: String(decoding: PackageResources._005_grants_sql, as: UTF8.self)),
        Migration(
            number: 6, name: "evidence", sql: String(decoding: PackageResources._006_evidence_sql, as: UTF8.self)),
        Migration(
            number: 7, name: "personal data",
            sql: String(decoding: PackageResources._007_personal_data_sql, as: UTF8.self)),
        Migration(
            number: 8, name: "enrolments", sql: String(decoding: PackageResources._008_enrolments_sql, as: UTF8.self)),
    ]
}
