import Foundation
import Yams

/// The texts of all settings, from the file, the environment and the command line, and the problems found so far.
struct SettingSource {
    private(set) var values: [String: String] = [:]
    private(set) var problems: [SettingsError.Problem] = []

    /// Reads what there is; later sources win.
    init(file: String?, environment: [String: String], overrides: [String: String]) {
        for key in SettingKey.all { values[key.name] = key.standard }
        if let file { read(file) }
        for key in SettingKey.all {
            if let value = environment[key.variable] { values[key.name] = value }
        }
        for (key, value) in overrides.sorted(by: { $0.key < $1.key }) { set(key, value, line: nil) }
    }

    mutating func complain(_ key: String, _ sentence: String) {
        problems.append(SettingsError.Problem(key: key, sentence: sentence))
    }

    private mutating func read(_ file: String) {
        do {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            guard let node = try Yams.compose(yaml: text) else { return }
            guard let mapping = node.mapping else { return complain("", "\(file) is not a YAML mapping") }
            read(mapping, prefix: "")
        } catch let error as YamlError {
            complain("", "\(file): \(error)")
        } catch {
            complain("", "\(file) cannot be read")
        }
    }

    private mutating func read(_ mapping: Node.Mapping, prefix: String) {
        for (key, value) in mapping {
            let name = prefix + (key.string ?? "?")
            switch value {
            case .scalar(let scalar): set(name, scalar.string, line: key.mark?.line)
            case .sequence where !Self.lists.contains(name) && isKnown(name):
                complain(name, "must be a single value")
            case .sequence(let items):
                set(name, items.compactMap(\.scalar?.string).joined(separator: ","), line: key.mark?.line)
            case .mapping(let inner): read(inner, prefix: name + ".")
            default: complain(name, "aliases are not supported")
            }
        }
    }

    /// Settings that may be lists.
    private static let lists: Set = ["intake.endpoints", "survey.channels"]

    private func isKnown(_ name: String) -> Bool { SettingKey.all.contains { $0.name == name } }

    private mutating func set(_ name: String, _ value: String, line: Int?) {
        guard isKnown(name) else {
            if SettingKey.all.contains(where: { $0.name.hasPrefix(name + ".") }) {
                return complain(name, "must be a group of settings")
            }
            return complain(name, "there is no such setting" + (line.map { " (line \($0))" } ?? ""))
        }
        values[name] = value
    }

    func text(_ name: String) -> String { values[name] ?? "" }

    func list(_ name: String) -> [String] {
        text(name).split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int {
        guard let value = Int(text(name)), range.contains(value) else {
            complain(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return range.lowerBound
        }
        return value
    }

    mutating func share(_ name: String) -> Double {
        guard let value = Double(text(name)), (0...1).contains(value) else {
            complain(name, "must be a number from 0 to 1")
            return 0
        }
        return value
    }

    mutating func word<Value>(_ name: String, _ read: (String) -> Value?, _ allowed: String, _ other: Value) -> Value {
        if let value = read(text(name)) { return value }
        complain(name, "must be one of \(allowed)")
        return other
    }
}
