import Dossiers
import Yams

/// The YAML of a mapping file while it is being understood; collects every problem instead of stopping at the first.
struct MappingDocument {
    private(set) var problems: [MappingProblem] = []

    /// The mapping that `yaml` states; nil or incomplete when ``problems`` is not empty.
    mutating func mapping(from yaml: String, name: String) -> MappingFile? {
        guard let root = compose(yaml) else { return nil }
        guard let table = root.mapping else {
            report(root, .expectedTable(key: ""))
            return nil
        }
        reportUnknownKeys(of: table, known: Self.keys, under: "")
        let timestamps = timestampFormat(table)
        let zone = zone(table, isNeeded: timestamps.isLocal)
        let fields = fields(table)
        let grammar = grammar(table, isMapped: fields.contains { $0.field == .codeGrammar })
        return MappingFile(
            name: name, format: format(table), zone: zone, timestamps: timestamps, codeGrammar: grammar,
            key: column("key", table), corrects: column("corrects", table), fields: fields)
    }

    private static let keys = [
        "format", "delimiter", "time_zone", "timestamps", "code_grammar", "key", "corrects", "fields",
    ]

    private mutating func compose(_ yaml: String) -> Node? {
        do {
            if let root = try Yams.compose(yaml: yaml) { return root }
            report(nil, .expectedTable(key: ""))
        } catch let error as YamlError {
            problems.append(MappingProblem(error))
        } catch {
            report(nil, .notYAML("unreadable"))
        }
        return nil
    }

    private mutating func format(_ table: Node.Mapping) -> SourceFormat {
        let delimiter = delimiter(table)
        guard let node = table["format"] else {
            report(nil, .missingKey("format"))
            return .ndjson
        }
        switch text(node, key: "format") {
        case "csv": return .csv(delimiter: delimiter ?? UInt8(ascii: ","))
        case "ndjson":
            if let extra = table["delimiter"] { report(extra, .unknownKey("delimiter")) }
        case let other?:
            report(node, .unknownValue(key: "format", value: other, allowed: "csv, ndjson"))
        case nil: break
        }
        return .ndjson
    }

    private mutating func delimiter(_ table: Node.Mapping) -> UInt8? {
        guard let node = table["delimiter"], let text = text(node, key: "delimiter") else { return nil }
        guard let byte = text.utf8.first, text.utf8.count == 1, byte == UInt8(ascii: "\t") || isPunctuation(byte) else {
            report(node, .unknownValue(key: "delimiter", value: text, allowed: #"",", ";", "|", "\t""#))
            return nil
        }
        return byte
    }

    /// Letters and digits stand inside values, and a quotation mark already has its meaning.
    private func isPunctuation(_ byte: UInt8) -> Bool {
        let character = Character(Unicode.Scalar(byte))
        return (0x20..<0x7F).contains(byte) && byte != UInt8(ascii: "\"") && !character.isLetter && !character.isNumber
    }

    private mutating func timestampFormat(_ table: Node.Mapping) -> TimestampFormat {
        guard let node = table["timestamps"], let word = text(node, key: "timestamps") else { return .iso8601 }
        if let format = TimestampFormat(word: word) { return format }
        report(node, .unknownValue(key: "timestamps", value: word, allowed: TimestampFormat.words))
        return .iso8601
    }

    private mutating func zone(_ table: Node.Mapping, isNeeded: Bool) -> LocalZone? {
        guard let node = table["time_zone"] else {
            if isNeeded { report(nil, .missingKey("time_zone")) }
            return nil
        }
        guard let name = text(node, key: "time_zone") else { return nil }
        let zone = LocalZone(identifier: name)
        if zone == nil { report(node, .unknownTimeZone(name)) }
        return zone
    }

    private mutating func grammar(_ table: Node.Mapping, isMapped: Bool) -> String {
        guard let node = table["code_grammar"], let word = text(node, key: "code_grammar") else { return "" }
        if isMapped { report(node, .grammarSetTwice) }
        if !["vn", "opaque"].contains(word) {
            report(node, .unknownValue(key: "code_grammar", value: word, allowed: "vn, opaque"))
        }
        return word
    }

    private mutating func column(_ key: String, _ table: Node.Mapping) -> MappedColumn? {
        guard let node = table[key], let name = text(node, key: key) else { return nil }
        return MappedColumn(name: name, line: node.mark?.line)
    }
}

extension MappingDocument {
    /// The text of a node, or nil and a problem where it is a table, a list or nothing.
    mutating func text(_ node: Node, key: String) -> String? {
        guard let scalar = node.scalar, node.null == nil else {
            report(node, .expectedText(key: key))
            return nil
        }
        return scalar.string
    }

    mutating func report(_ node: Node?, _ reason: MappingProblem.Reason) {
        problems.append(MappingProblem(line: node?.mark?.line, reason: reason))
    }

    mutating func reportUnknownKeys(of table: Node.Mapping, known: [String], under path: String) {
        for (key, _) in table {
            let name = key.scalar?.string ?? "?"
            if !known.contains(name) { report(key, .unknownKey(path + name)) }
        }
    }
}

extension MappingProblem {
    /// What the YAML parser stumbled over.
    init(_ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(line: mark.line, reason: .notYAML(problem))
        case .reader(let problem, _, _, _):
            self.init(line: nil, reason: .notYAML(problem))
        case .duplicatedKeysInMapping(let duplicates, let context):
            self.init(line: context.mark.line, reason: .repeatedKey(duplicates.sorted().joined(separator: ", ")))
        default:
            self.init(line: nil, reason: .notYAML("unreadable"))
        }
    }
}
