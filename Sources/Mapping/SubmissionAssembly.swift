import Dossiers

/// Makes a submission from the texts of a row.
struct SubmissionAssembly: Sendable {
    /// A field and the column that feeds it.
    private struct Binding: Sendable {
        let field: Field
        let slot: Int
        let values: [String: String]
        let isTimestamp: Bool
    }

    /// The column that tells dossiers apart, where the mapping has one.
    let keyColumn: (slot: Int, name: String)?
    /// Where a row names the entry that it corrects.
    let correctsSlot: Int?
    /// What all submissions of the file have in common.
    private var constants = Submission()
    private var bindings: [Binding] = []
    private var timestamps: TimestampReader?

    /// - Parameter columns: the columns in the order in which a row's texts will stand.
    init(mapping: MappingFile, columns: [MappedColumn]) {
        var slots: [String: Int] = [:]
        for (slot, column) in columns.enumerated() { slots[column.name] = slot }
        keyColumn = mapping.key.flatMap { key in slots[key.name].map { ($0, key.name) } }
        correctsSlot = mapping.corrects.flatMap { slots[$0.name] }
        timestamps = mapping.timestamps.map { TimestampReader(format: $0, zone: mapping.zone) }
        constants.codeGrammar = mapping.codeGrammar
        for rule in mapping.fields { bind(rule, slots) }
    }

    private mutating func bind(_ rule: FieldRule, _ slots: [String: Int]) {
        let isTimestamp = timestamps != nil && rule.field.isTimestamp
        switch rule.source {
        case .constant(let text):
            constants[rule.field] = isTimestamp ? rfc3339(text) : text
        case .column(let column, let values):
            guard let slot = slots[column.name] else { return }
            bindings.append(Binding(field: rule.field, slot: slot, values: values, isTimestamp: isTimestamp))
        }
    }

    /// The submission that a row's texts make; nil stands for a text that the row does not have.
    mutating func submission(from texts: [String?]) -> Submission {
        var submission = constants
        for binding in bindings {
            var text = texts[binding.slot] ?? ""
            if !binding.values.isEmpty, !text.isEmpty {
                text = binding.values[text] ?? binding.field.unlisted(text)
            }
            if binding.isTimestamp { text = rfc3339(text) }
            if !text.isEmpty { submission[binding.field] = text }
        }
        return submission
    }

    private mutating func rfc3339(_ text: String) -> String { timestamps?.rfc3339(text) ?? text }
}

extension Field {
    /// Whether the field holds a point in time.
    var isTimestamp: Bool {
        switch self {
        case .receivedAt, .dueAt, .finishedAt, .returnedAt: true
        default: false
        }
    }

    /// A value that the mapping's table does not list: it travels, for the centre to quarantine, and nobody guesses it.
    ///
    /// Where another system's code looks like one of ours (its `3` may mean "by telephone"), a question mark in front
    /// keeps it from being taken for that.
    fileprivate func unlisted(_ text: String) -> String { isCode(text) ? "?" + text : text }

    private func isCode(_ text: String) -> Bool {
        switch self {
        case .channel, .returnChannel: Channel(code: text) != nil
        case .applicantKind: ApplicantKind(code: text) != nil
        case .onlineLevel: OnlineLevel(code: text) != nil
        case .status: DossierStatus(code: text) != nil
        case .codeGrammar: CodeGrammar(code: text) != nil
        default: false
        }
    }
}
