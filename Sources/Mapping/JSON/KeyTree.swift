/// The places in a JSON object that the mapping reads, as a tree of keys.
struct KeyTree: Sendable {
    private struct Node: Sendable {
        var slot: Int?
        var children: [String: Int] = [:]
    }

    /// The place of the whole object.
    static let root = 0

    private var nodes = [Node()]
    private let paths: [String]

    /// A tree whose n-th path leads to slot n. A dot leads into a nested object, but a key that has the dot in its
    /// own name is found as well, since flat exports of nested records look like that.
    init(paths: [String]) {
        self.paths = paths
        for (slot, path) in paths.enumerated() {
            add([path], slot)
            let keys = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            if keys.count > 1 { add(keys, slot) }
        }
    }

    private mutating func add(_ keys: [String], _ slot: Int) {
        var place = Self.root
        for key in keys { place = child(of: place, key: key) ?? grow(place, key) }
        nodes[place].slot = slot
    }

    private mutating func grow(_ place: Int, _ key: String) -> Int {
        nodes.append(Node())
        nodes[place].children[key] = nodes.count - 1
        return nodes.count - 1
    }

    /// Where `key` leads from `place`, or nil where nothing below it is read.
    func child(of place: Int, key: String) -> Int? { nodes[place].children[key] }

    /// The slot for the text at `place`, if it is read.
    func slot(at place: Int) -> Int? { nodes[place].slot }

    /// The path that leads to a slot, as the mapping writes it.
    func path(ofSlot slot: Int) -> String { paths[slot] }
}
