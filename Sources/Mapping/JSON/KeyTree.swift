/// The places in a JSON object that the mapping reads, as a tree of keys.
///
/// Keys are compared byte by byte: a mapping has a dozen of them, for which that beats hashing.
struct KeyTree: Sendable {
    private struct Node: Sendable {
        var slot: Int?
        var children: [(key: [UInt8], place: Int)] = []
    }

    /// The place of the whole object.
    static let root = 0

    private var nodes = [Node()]
    private let paths: [String]

    /// A tree whose n-th path leads to slot n.
    ///
    /// A dot leads into a nested object, but a key that has the dot in its own name is found as well, since flat
    /// exports of nested records look like that.
    init(paths: [String]) {
        self.paths = paths
        for (slot, path) in paths.enumerated() {
            add([path], slot)
            let keys = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
            if keys.count > 1 { add(keys, slot) }
        }
    }

    /// How many places there are; they are numbered from 0.
    var count: Int { nodes.count }

    private mutating func add(_ keys: [String], _ slot: Int) {
        var place = Self.root
        for key in keys.map({ Array($0.utf8) }) { place = child(of: place, key: key[...]) ?? grow(place, key) }
        nodes[place].slot = slot
    }

    private mutating func grow(_ place: Int, _ key: [UInt8]) -> Int {
        nodes.append(Node())
        nodes[place].children.append((key, nodes.count - 1))
        return nodes.count - 1
    }

    /// Where the key with these bytes leads from `place`, or nil where nothing below it is read.
    func child(of place: Int, key: ArraySlice<UInt8>) -> Int? {
        for child in nodes[place].children where child.key.count == key.count && key.elementsEqual(child.key) {
            return child.place
        }
        return nil
    }

    /// The slot for the text at `place`, if it is read.
    func slot(at place: Int) -> Int? { nodes[place].slot }

    /// The path that leads to a slot, as the mapping writes it.
    func path(ofSlot slot: Int) -> String { paths[slot] }
}
