import Foundation
import Yams

/// The texts of all settings, from the file, the environment and the command line, and the problems found so far.
struct SettingSource {
    private(set) var values: [String: String] = [:]
    private(set) var problems: [SettingsError.Problem] = []

    /// Reads what there is; later sources win.
    init(file: String?, environment: [String: String], overrides: [String: String]) {
        if let file { read(file) }
        let zone = values["time_zone"]
        for key in SettingKey.all {
            if let value = environment[key.variable] { values[key.name] = value }
        }
        if let zone, let other = values["time_zone"], other != zone { complainOfZones(zone, other) }
        for (key, value) in overrides.sorted(by: { $0.key < $1.key }) { set(key, value, line: nil) }
    }

    mutating func complain(_ key: String, _ vietnamese: String, _ english: String) {
        problems.append(SettingsError.Problem(key: key, vietnamese: vietnamese, english: english))
    }

    /// Services count days in the zone of the file; a question asked in another one would get a wrong answer.
    private mutating func complainOfZones(_ file: String, _ environment: String) {
        complain(
            "time_zone", "tệp ghi “\(file)” nhưng HOSO_TIME_ZONE là “\(environment)”; hãy bỏ một trong hai",
            "the file says “\(file)”, but HOSO_TIME_ZONE says “\(environment)”; remove one of them")
    }

    private mutating func read(_ file: String) {
        do {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            guard let node = try Yams.compose(yaml: text) else { return }
            guard let mapping = node.mapping else {
                return complain("", "\(file) không phải bảng YAML", "\(file) is not a YAML mapping")
            }
            read(mapping, prefix: "")
        } catch let error as YamlError {
            complain("", "\(file): không phải YAML hợp lệ: \(error)", "\(file): no valid YAML: \(error)")
        } catch {
            complain("", "không đọc được \(file)", "\(file) cannot be read")
        }
    }

    private mutating func read(_ mapping: Node.Mapping, prefix: String) {
        for (key, value) in mapping {
            let name = prefix + (key.string ?? "?")
            switch value {
            case .scalar(let scalar): set(name, scalar.string, line: key.mark?.line)
            case .sequence where !Self.lists.contains(name) && isKnown(name):
                complain(name, "phải là một giá trị đơn", "must be a single value")
            case .sequence(let items):
                set(name, items.compactMap(\.scalar?.string).joined(separator: ","), line: key.mark?.line)
            case .mapping(let inner): read(inner, prefix: name + ".")
            default: complain(name, "không dùng được bí danh YAML", "aliases are not supported")
            }
        }
    }

    /// Settings that may be lists.
    private static let lists: Set = [
        "intake.endpoints", "intake.next_endpoints", "intake.centre_keys", "intake.receipt_keys", "personal.keys",
        "intake.worker_keys", "survey.sender_keys",
        "survey.channels",
    ]

    private func isKnown(_ name: String) -> Bool { SettingKey.all.contains { $0.name == name } }

    private mutating func set(_ name: String, _ value: String, line: Int?) {
        guard isKnown(name) else {
            if SettingKey.all.contains(where: { $0.name.hasPrefix(name + ".") }) {
                return complain(name, "phải là một nhóm thiết lập", "must be a group of settings")
            }
            return complain(
                name, "không có thiết lập này" + (line.map { " (dòng \($0))" } ?? ""),
                "there is no such setting" + (line.map { " (line \($0))" } ?? ""))
        }
        values[name] = value
    }

    private static let standards = Dictionary(uniqueKeysWithValues: SettingKey.all.map { ($0.name, $0.standard) })

    func text(_ name: String) -> String { values[name] ?? Self.standards[name] ?? "" }

    func list(_ name: String) -> [String] {
        text(name).split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int {
        guard let value = Int(text(name)), range.contains(value) else {
            let (least, most) = (range.lowerBound, range.upperBound)
            complain(
                name, "phải là số nguyên từ \(least) đến \(most)", "must be a whole number from \(least) to \(most)")
            return range.lowerBound
        }
        return value
    }

    mutating func share(_ name: String) -> Double {
        guard let value = Double(text(name)), (0...1).contains(value) else {
            complain(name, "phải là số từ 0 đến 1", "must be a number from 0 to 1")
            return 0
        }
        return value
    }

    mutating func word<Value>(_ name: String, _ read: (String) -> Value?, _ allowed: String, _ other: Value) -> Value {
        if let value = read(text(name)) { return value }
        complain(name, "phải là một trong: \(allowed)", "must be one of \(allowed)")
        return other
    }
}
