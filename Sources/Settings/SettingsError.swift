/// Everything that is wrong with a configuration.
package struct SettingsError: Error, Sendable, CustomStringConvertible {
    /// One problem.
    package struct Problem: Sendable, Equatable {
        /// The key, or empty.
        package let key: String
        /// A sentence.
        package let sentence: String
    }

    /// The problems, in order of the keys.
    package let problems: [Problem]

    /// One line per problem.
    package var description: String {
        problems.map { $0.key.isEmpty ? $0.sentence : "\($0.key): \($0.sentence)" }.joined(separator: "\n")
    }
}
