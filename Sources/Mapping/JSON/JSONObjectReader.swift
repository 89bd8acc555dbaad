/// Reads one JSON object and keeps the texts of the places that the mapping reads.
///
/// The whole object is checked, also where nothing is kept, and a key that an object has twice is a fault: the last
/// one would win with one reader and the first one with another.
struct JSONObjectReader: Sendable {
    private static let deepest = 32

    private let tree: KeyTree
    private let refusesUnknownKeys: Bool
    /// For each place of the tree the last row that had it.
    private var lastRow: [Int]
    private var row = 0
    /// The keys that lead to no place, one set for each open object; kept to save allocations.
    private var others: [Set<String>] = Array(repeating: [], count: deepest + 1)
    private var unknown: [String] = []

    init(tree: KeyTree, refusesUnknownKeys: Bool) {
        self.tree = tree
        self.refusesUnknownKeys = refusesUnknownKeys
        lastRow = Array(repeating: 0, count: tree.count)
    }

    /// Puts the texts of the object at `range` into `values`, nil where it says nothing or `null`.
    mutating func read(_ bytes: [UInt8], _ range: Range<Int>, into values: inout [String?]) throws(RowFault) {
        for slot in values.indices { values[slot] = nil }
        unknown.removeAll()
        row += 1
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
            } else if cursor.pass(UInt8(ascii: "[")) {
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
        others[depth].removeAll(keepingCapacity: true)
        cursor.skipWhitespace()
        if cursor.pass(UInt8(ascii: "}")) { return }
        repeat {
            cursor.skipWhitespace()
            let child = try member(of: place, depth, key: try cursor.stringBytes())
            cursor.skipWhitespace()
            try cursor.require(UInt8(ascii: ":"))
            cursor.skipWhitespace()
            try value(&cursor, place: child, depth: depth + 1, &values)
            cursor.skipWhitespace()
        } while cursor.pass(UInt8(ascii: ","))
        try cursor.require(UInt8(ascii: "}"))
    }

    /// Where a key leads, after noting that its object has it.
    private mutating func member(
        of place: Int?, _ depth: Int, key: ArraySlice<UInt8>
    ) throws(RowFault) -> Int? {
        if let place, let child = tree.child(of: place, key: key) {
            guard lastRow[child] != row else { throw .jsonKeyRepeated(String(decoding: key, as: UTF8.self)) }
            lastRow[child] = row
            return child
        }
        let name = String(decoding: key, as: UTF8.self)
        guard others[depth].insert(name).inserted else { throw .jsonKeyRepeated(name) }
        if depth == 1, refusesUnknownKeys { unknown.append(name) }
        return nil
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
