import Dossiers
import Yams

/// The `fields` table of a mapping file.
extension MappingDocument {
    /// The rules of all fields that are stated rightly; the others are reported.
    mutating func fields(_ table: Node.Mapping) -> [FieldRule] {
        guard let node = table["fields"] else {
            report(nil, .missingKey("fields"))
            return []
        }
        guard let entries = node.mapping else {
            report(node, .expectedTable(key: "fields"))
            return []
        }
        var rules: [FieldRule] = []
        for (key, value) in entries {
            if let rule = rule(key, value) { rules.append(rule) }
        }
        // Without its code nothing can ever be said about a dossier, not even why it was refused.
        if entries["dossier_code"] == nil { report(node, .missingKey("fields.dossier_code")) }
        return rules
    }

    private mutating func rule(_ key: Node, _ value: Node) -> FieldRule? {
        let name = key.scalar?.string ?? "?"
        let path = "fields.\(name)"
        guard let field = Field(rawValue: name) else {
            report(key, .unknownKey(path))
            return nil
        }
        return source(value, path).map { FieldRule(field: field, source: $0) }
    }

    private mutating func source(_ node: Node, _ path: String) -> FieldRule.Source? {
        guard let table = node.mapping else {
            return text(node, key: path).map { .column(MappedColumn(name: $0, line: node.mark?.line), values: [:]) }
        }
        reportUnknownKeys(of: table, known: ["column", "values", "constant"], under: path + ".")
        switch (table["column"], table["constant"]) {
        case (let column?, nil):
            let values = values(table["values"], path + ".values")
            return text(column, key: path + ".column").map {
                .column(MappedColumn(name: $0, line: column.mark?.line), values: values)
            }
        case (nil, let constant?) where table["values"] == nil:
            return text(constant, key: path + ".constant").map { .constant($0) }
        default:
            report(node, .unclearSource(key: path))
            return nil
        }
    }

    private mutating func values(_ node: Node?, _ path: String) -> [String: String] {
        guard let node else { return [:] }
        guard let table = node.mapping else {
            report(node, .expectedTable(key: path))
            return [:]
        }
        var values: [String: String] = [:]
        for (key, value) in table {
            guard let from = key.scalar?.string else {
                report(key, .expectedText(key: path))
                continue
            }
            guard let to = text(value, key: "\(path).\(from)") else { continue }
            if values.updateValue(to, forKey: from) != nil { report(key, .repeatedKey("\(path).\(from)")) }
        }
        return values
    }
}
