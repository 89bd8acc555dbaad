/// Reads one JSON object and keeps the texts of the places that the mapping reads.
///
/// The whole object is checked, also where nothing is kept, and a key that an object has twice is a fault: the last
/// one would win with one reader and the first one with another.
struct JSONObjectReader: Sendable {
    private static let deepest = 32

    private let tree: KeyTree
    private let refusesUnknownKeys: Bool
    /// The keys of the objects that are open, one set for each level; kept to save allocations.
    private var seen: [Set<String>] = Array(repeating: [], count: deepest + 1)
    private var unknown: [String] = []

    init(tree: KeyTree, refusesUnknownKeys: Bool) {
        self.tree = tree
        self.refusesUnknownKeys = refusesUnknownKeys
    }

    /// Puts the texts of the object at `range` into `values`, nil where it says nothing or `null`.
    mutating func read(_ bytes: [UInt8], _ range: Range<Int>, into values: inout [String?]) throws(RowFault) {
        for slot in values.indices { values[slot] = nil }
        unknown.removeAll()
        var cursor = JSONCursor(bytes, range)
        cursor.skipWhitespace()
        let isObject = cursor.current == UInt8(ascii: "{")
        try value(&cursor, place: KeyTree.root, depth: 1, &values)
        cursor.skipWhitespace()
        guard cursor.isAtEnd else { throw cursor.malformed }
        guard isObject else { throw .jsonNotObject }
        guard unknown.isEmpty else { throw .jsonKeysUnknown(unknown) }
    }

    private mutating func value(
        _ cursor: inout JSONCursor, place: Int?, depth: Int, _ values: inout [String?]
    ) throws(RowFault) {
        let slot = place.flatMap { tree.slot(at: $0) }
        switch cursor.current {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            guard depth <= Self.deepest else { throw .jsonTooDeep }
            if let slot { throw .jsonNotText(tree.path(ofSlot: slot)) }
            if cursor.pass(UInt8(ascii: "{")) {
                try members(&cursor, place: place, depth: depth, &values)
            } else {
                try elements(&cursor, depth: depth, &values)
            }
        case UInt8(ascii: "\""):
            if let slot { try keep(try cursor.string(), in: slot, &values) } else { _ = try cursor.skipString() }
        default:
            let text = try plainText(&cursor)
            if let slot, let text { try keep(text, in: slot, &values) }
        }
    }

    /// A flat key with a dot in its name and a nested one can both lead to the same slot.
    private func keep(_ text: String, in slot: Int, _ values: inout [String?]) throws(RowFault) {
        guard values[slot] == nil else { throw .jsonKeyRepeated(tree.path(ofSlot: slot)) }
        values[slot] = text
    }

    /// The rest of an object whose brace has been passed.
    private mutating func members(
        _ cursor: inout JSONCursor, place: Int?, depth: Int, _ values: inout [String?]
    ) throws(RowFault) {
        seen[depth].removeAll(keepingCapacity: true)
        cursor.skipWhitespace()
        if cursor.pass(UInt8(ascii: "}")) { return }
        repeat {
            cursor.skipWhitespace()
            let key = try cursor.string()
            guard seen[depth].insert(key).inserted else { throw .jsonKeyRepeated(key) }
            cursor.skipWhitespace()
            try cursor.require(UInt8(ascii: ":"))
            cursor.skipWhitespace()
            let child = place.flatMap { tree.child(of: $0, key: key) }
            if child == nil, depth == 1, refusesUnknownKeys { unknown.append(key) }
            try value(&cursor, place: child, depth: depth + 1, &values)
            cursor.skipWhitespace()
        } while cursor.pass(UInt8(ascii: ","))
        try cursor.require(UInt8(ascii: "}"))
    }

    /// The rest of an array whose bracket has been passed; no path leads into arrays.
    private mutating func elements(
        _ cursor: inout JSONCursor, depth: Int, _ values: inout [String?]
    ) throws(RowFault) {
        cursor.skipWhitespace()
        if cursor.pass(UInt8(ascii: "]")) { return }
        repeat {
            cursor.skipWhitespace()
            try value(&cursor, place: nil, depth: depth + 1, &values)
            cursor.skipWhitespace()
        } while cursor.pass(UInt8(ascii: ","))
        try cursor.require(UInt8(ascii: "]"))
    }

    /// A number or a boolean as its text, nil for null.
    private func plainText(_ cursor: inout JSONCursor) throws(RowFault) -> String? {
        switch cursor.current {
        case UInt8(ascii: "t"): return try cursor.word("true")
        case UInt8(ascii: "f"): return try cursor.word("false")
        case UInt8(ascii: "n"):
            _ = try cursor.word("null")
            return nil
        default: return try cursor.number()
        }
    }
}
