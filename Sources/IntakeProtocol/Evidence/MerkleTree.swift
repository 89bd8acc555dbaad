import struct Crypto.SHA256
public import Dossiers

/// The tree over the outcomes of a batch, whose root a receipt signs: that of RFC 6962, section 2.1, with leaves of its own.
///
/// A leaf is SHA-256 of a zero, the entry's sequence number (8 bytes, network byte order), its outcome (1 byte) and its
/// digest; a node is SHA-256 of a one and both nodes below it. Neither can pass for the other.
public enum MerkleTree {
    /// What a leaf says of an entry.
    public struct Leaf: Sendable, Equatable {
        /// Its sequence number.
        public let sequence: UInt64
        /// What became of it, as the number that ``WireOutcome`` has for it.
        public let outcome: UInt8
        /// Its digest.
        public let digest: Digest

        /// A leaf.
        public init(sequence: UInt64, outcome: UInt8, digest: Digest) {
            self.sequence = sequence
            self.outcome = outcome
            self.digest = digest
        }
    }

    /// The root over consecutive entries, of which there is at least one.
    /// - Parameters:
    ///   - first: sequence number of the first entry.
    ///   - outcomes: as many as digests.
    public static func root(first: UInt64, outcomes: [UInt8], digests: [Digest]) -> Digest {
        precondition(outcomes.count == digests.count && !digests.isEmpty, "an outcome for each entry, and an entry")
        // The complete trees to the left that have no neighbour yet, the largest first: at most one of each height.
        var pending: [Digest] = []
        pending.reserveCapacity(Self.greatestHeight + 1)
        for index in digests.indices {
            var node = hash(
                Leaf(
                    sequence: first &+ UInt64(truncatingIfNeeded: index), outcome: outcomes[index],
                    digest: digests[index]))
            // Each trailing one of the number of leaves before this one is a tree of the same height as ours.
            for _ in 0..<(index + 1).trailingZeroBitCount { node = hash(pending.removeLast(), node) }
            pending.append(node)
        }
        var root = pending.removeLast()
        while let left = pending.popLast() { root = hash(left, root) }
        return root
    }

    /// The nodes by which the root follows from the leaf at an index, from the lowest on.
    public static func path(to index: Int, first: UInt64, outcomes: [UInt8], digests: [Digest]) -> [Digest] {
        precondition(digests.indices.contains(index), "a leaf of the tree")
        var path: [Digest] = []
        var range = 0..<digests.count
        while range.count > 1 {
            let middle = range.lowerBound + split(range.count)
            let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
            let isLeft = index < middle
            let other = isLeft ? right : left
            path.append(
                root(
                    first: first &+ UInt64(truncatingIfNeeded: other.lowerBound), outcomes: Array(outcomes[other]),
                    digests: Array(digests[other])))
            range = isLeft ? left : right
        }
        return path.reversed()
    }

    /// The root that follows from a leaf and its path; `nil` when the path has another length than that of the leaf.
    /// - Parameters:
    ///   - index: which of the leaves it is.
    ///   - count: of the leaves.
    public static func root(of leaf: Leaf, at index: Int, count: Int, path: [Digest]) -> Digest? {
        guard index >= 0, index < count else { return nil }
        let turns = turns(to: index, count: count)
        guard turns.count == path.count else { return nil }
        return zip(turns, path).reduce(hash(leaf)) { node, step in
            step.0 ? hash(step.1, node) : hash(node, step.1)
        }
    }

    /// Nodes of the path to a leaf.
    public static func pathLength(to index: Int, count: Int) -> Int { turns(to: index, count: count).count }

    /// From the leaf on: whether the neighbour stands to the left.
    private static func turns(to index: Int, count: Int) -> [Bool] {
        var turns: [Bool] = []
        var (index, count) = (index, count)
        while count > 1 {
            let left = split(count)
            turns.append(index >= left)
            (index, count) = index >= left ? (index - left, count - left) : (index, left)
        }
        return turns.reversed()
    }

    /// Leaves to the left: the largest power of two below the number of them all.
    private static func split(_ count: Int) -> Int { 1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount) }

    /// Of as many entries as a batch may have.
    private static var greatestHeight: Int { 9 }

    private static func hash(_ leaf: Leaf) -> Digest {
        var hash = SHA256()
        // On the stack, one block of the hash: a batch makes no array per leaf or node.
        unsafe withUnsafeTemporaryAllocation(byteCount: 42, alignment: 8) { bytes in
            unsafe bytes.storeBytes(of: 0, toByteOffset: 0, as: UInt8.self)
            unsafe bytes.storeBytes(of: leaf.sequence.bigEndian, toByteOffset: 1, as: UInt64.self)
            unsafe bytes.storeBytes(of: leaf.outcome, toByteOffset: 9, as: UInt8.self)
            unsafe bytes.storeBytes(of: leaf.digest, toByteOffset: 10, as: Digest.self)
            unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
        }
        return Digest(hash.finalize())
    }

    private static func hash(_ left: Digest, _ right: Digest) -> Digest {
        var hash = SHA256()
        unsafe withUnsafeTemporaryAllocation(byteCount: 65, alignment: 8) { bytes in
            unsafe bytes.storeBytes(of: 1, toByteOffset: 0, as: UInt8.self)
            unsafe bytes.storeBytes(of: left, toByteOffset: 1, as: Digest.self)
            unsafe bytes.storeBytes(of: right, toByteOffset: 33, as: Digest.self)
            unsafe hash.update(bufferPointer: UnsafeRawBufferPointer(bytes))
        }
        return Digest(hash.finalize())
    }
}
