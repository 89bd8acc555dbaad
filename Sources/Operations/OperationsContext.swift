package import Dossiers

/// What everything that operations answers over HTTP works with.
package struct OperationsContext: Sendable {
    /// Connections for questions.
    package let pool: QueryPool
    /// Zone of local days.
    package let zone: LocalZone
    /// The language of whoever does not ask for another.
    package let language: Language
    /// Name and version of the program.
    package let program: String

    /// A context.
    package init(pool: QueryPool, zone: LocalZone, language: Language, program: String) {
        self.pool = pool
        self.zone = zone
        self.language = language
        self.program = program
    }
}
