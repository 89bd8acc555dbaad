/// The numbered migrations of the database, in order, as they lie beside this file.
package enum Migrations {
    /// A migration.
    package struct Migration: Sendable {
        /// Its number; numbers begin at 1 and have no gaps.
        package let number: Int32
        /// Its name, as in the file's name.
        package let name: String
        /// The oldest program that goes on working after it: one that needs at least the migration of this number.
        ///
        /// A migration that only adds what older programs neither read nor write leaves this as it was before.
        package let serves: Int32
        /// Its statements.
        package let sql: String

        fileprivate init(_ number: Int32, _ name: String, serves: Int32? = nil, _ sql: [UInt8]) {
            self.number = number
            self.name = name
            self.serves = serves ?? number
            self.sql = String(decoding: sql, as: UTF8.self)
        }
    }

    /// Who owns what and who may do what, once all migrations have been applied.
    package static let privileges = String(decoding: PackageResources.privileges_sql, as: UTF8.self)

    /// All of them.
    package static let all: [Migration] = [
        Migration(1, "intake", PackageResources._001_intake_sql),
        Migration(2, "revisions", PackageResources._002_revisions_sql),
        Migration(3, "speed", PackageResources._003_speed_sql),
        Migration(4, "members", PackageResources._004_members_sql),
        Migration(5, "grants", PackageResources._005_grants_sql),
        Migration(6, "evidence", PackageResources._006_evidence_sql),
        Migration(7, "personal data", PackageResources._007_personal_data_sql),
        Migration(8, "enrolments", PackageResources._008_enrolments_sql),
        Migration(9, "heard", serves: 8, PackageResources._009_heard_sql),
        Migration(10, "periods", serves: 8, PackageResources._010_periods_sql),
        Migration(11, "api tokens", serves: 8, PackageResources._011_api_tokens_sql),
    ]
}
