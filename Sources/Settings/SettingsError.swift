package import Dossiers

/// Everything that is wrong with a configuration.
package struct SettingsError: Error, Sendable, CustomStringConvertible {
    /// One problem.
    package struct Problem: Sendable, Equatable {
        /// The key, or empty.
        package let key: String
        /// A sentence in Vietnamese.
        package let vietnamese: String
        /// A sentence in English.
        package let english: String

        /// The sentence, after the key.
        package func sentence(in language: Language) -> String {
            let sentence = language == .vietnamese ? vietnamese : english
            return key.isEmpty ? sentence : "\(key): \(sentence)"
        }
    }

    /// The problems, in order of the keys.
    package let problems: [Problem]
    /// The language of the user, as far as the settings tell.
    package let language: Language

    /// One line per problem, in English.
    package var description: String { problems.map { $0.sentence(in: .english) }.joined(separator: "\n") }
}
