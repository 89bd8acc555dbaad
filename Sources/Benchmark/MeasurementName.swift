/// A measurement that can be chosen by its name.
package enum MeasurementName: String, Sendable, CaseIterable, Codable {
    /// COPY of the same rows into the same tables: what PostgreSQL could do here.
    case ceiling
    /// A backlog from the spool to its receipts and figures.
    case pipeline
    /// Processor time, memory and log per dossier while the pipeline runs.
    case cost
    /// How far the figures lie behind the ledger while the pipeline runs.
    case lag
    /// From the moment an entry is due to its receipt.
    case latency
    /// The pipeline at several numbers of stored dossiers.
    case growth
    /// The pipeline while a transaction is held open elsewhere.
    case held
    /// A backlog while new entries come in.
    case drain
    /// Questions to a roll-up of ten years.
    case adoption

    /// The names in a list with commas.
    /// - Throws: ``UnknownMeasurement`` for the first one that is none.
    package static func list(_ text: String) throws(UnknownMeasurement) -> Set<MeasurementName> {
        var names: Set<MeasurementName> = []
        for word in text.split(separator: ",") {
            let word = word.drop { $0 == " " }
            guard let name = MeasurementName(rawValue: String(word)) else {
                throw UnknownMeasurement(name: String(word))
            }
            names.insert(name)
        }
        return names
    }
}

/// A word that names no measurement.
package struct UnknownMeasurement: Error, Sendable, Equatable {
    /// The word.
    package let name: String
}
