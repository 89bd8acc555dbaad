import Machines
import Testing

@Suite struct RelayMachineTests {
    private typealias Relay = RelayMachine<Int64>
    private let start = ContinuousClock.now

    private func position(_ task: Int64) -> Relay.Position { Relay.Position(transaction: UInt64(task / 3), task: task) }

    private func peer(_ number: UInt8) -> PeerID { PeerID([number]) }

    private func relay(tasks: ClosedRange<Int64>) -> Relay {
        var relay = Relay(capacity: 100, lease: .seconds(30))
        for task in tasks { relay.add(task, at: position(task)) }
        return relay
    }

    @Test func `Tasks go out in order of commit, within each receiver's credit`() {
        var relay = relay(tasks: 1...5)
        #expect(relay.deliveries(limit: 10, at: start).isEmpty)
        relay.receiverGreeted(peer(1), session: 1, credit: 2, at: start)
        relay.receiverGreeted(peer(2), session: 2, credit: 10, at: start)
        let messages = relay.deliveries(limit: 10, at: start)
        #expect(messages.map(\.tasks) == [[1, 2], [3, 4, 5]])
        #expect(relay.floor == position(1))
        #expect(relay.acknowledged([1, 2], by: peer(1), at: start) == [position(1), position(2)])
        #expect(relay.floor == position(3))
    }

    @Test func `An unacknowledged task goes out again after its lease, and when its receiver leaves`() {
        var relay = relay(tasks: 1...2)
        relay.receiverGreeted(peer(1), session: 1, credit: 9, at: start)
        #expect(relay.deliveries(limit: 9, at: start).map(\.tasks) == [[1, 2]])
        let late = start.advanced(by: .seconds(31))
        relay.receiverGreeted(peer(2), session: 2, credit: 9, at: late)
        #expect(relay.receiverBeat(peer(2), session: 2, at: late) == true)
        #expect(relay.deliveries(limit: 9, at: late).map(\.tasks) == [[1, 2]])
        relay.receiverLeft(peer(2))
        relay.receiverGreeted(peer(3), session: 3, credit: 9, at: late)
        #expect(relay.deliveries(limit: 9, at: late).map(\.tasks) == [[1, 2]])
        #expect(relay.acknowledged([1], by: peer(3), at: late).count == 1)
        #expect(relay.acknowledged([1], by: peer(3), at: late).isEmpty, "an acknowledgement counts once")
    }

    @Test func `What could not be handed over after all goes out later, and is held against nobody`() {
        var relay = relay(tasks: 1...4)
        relay.receiverGreeted(peer(1), session: 1, credit: 3, at: start)
        #expect(relay.deliveries(limit: 9, at: start).map(\.tasks) == [[1, 2, 3]])
        relay.tookBack([1, 3])
        #expect(relay.floor == position(1))
        #expect(relay.deliveries(limit: 9, at: start).map(\.tasks) == [[1, 3]])
        relay.tookBack([1, 3, 4, 77])
        let late = start.advanced(by: .seconds(29))
        _ = relay.acknowledged([2], by: peer(1), at: late)
        #expect(relay.deliveries(limit: 9, at: late).map(\.tasks) == [[1, 3, 4]])
    }

    @Test func `What several receivers had that fall silent together goes out in order of commit`() {
        var relay = relay(tasks: 1...8)
        for number in UInt8(1)...4 { relay.receiverGreeted(peer(number), session: 1, credit: 2, at: start) }
        #expect(relay.deliveries(limit: 9, at: start).map(\.tasks) == [[1, 2], [3, 4], [5, 6], [7, 8]])
        let late = start.advanced(by: .seconds(11))
        relay.receiverGreeted(peer(9), session: 9, credit: 9, at: late)
        #expect(relay.deliveries(limit: 9, at: late).map(\.tasks) == [[1, 2, 3, 4, 5, 6, 7, 8]])
    }

    @Test func `A survey sender that is alive and does nothing gets nothing more, and others get what it had`() {
        var relay = relay(tasks: 1...3)
        relay.receiverGreeted(peer(1), session: 1, credit: 2, at: start)
        #expect(relay.deliveries(limit: 9, at: start).map(\.tasks) == [[1, 2]])
        let late = start.advanced(by: .seconds(31))
        #expect(relay.receiverBeat(peer(1), session: 1, at: late) == true)
        #expect(relay.deliveries(limit: 9, at: late).isEmpty)
        relay.receiverGreeted(peer(2), session: 2, credit: 9, at: late)
        #expect(relay.deliveries(limit: 9, at: late).map(\.tasks) == [[1, 2, 3]])
        // It comes to life: what it has done counts, and it gets work again.
        #expect(relay.acknowledged([1], by: peer(1), at: late) == [position(1)])
        relay.add(4, at: position(4))
        #expect(relay.deliveries(limit: 9, at: late).map(\.peer) == [peer(1)])
    }

    @Test func `Who gets on keeps what it has, however long all of it takes`() {
        var relay = relay(tasks: 1...4)
        relay.receiverGreeted(peer(1), session: 1, credit: 9, at: start)
        #expect(relay.deliveries(limit: 9, at: start).map(\.tasks) == [[1, 2, 3, 4]])
        var now = start
        for task in Int64(1)...3 {
            now = now.advanced(by: .seconds(20))
            #expect(relay.acknowledged([task], by: peer(1), at: now).count == 1)
            #expect(relay.deliveries(limit: 9, at: now).isEmpty, "nothing goes out again")
        }
    }

    @Test(arguments: 0..<40)
    func `Whatever survey senders do, every task is delivered and acknowledged once`(seed: UInt64) {
        var walk = RelayWalk(seed: seed)
        for _ in 0..<2_000 { walk.step() }
        walk.settle()
    }
}

/// Random survey senders at a relay, and what must hold throughout.
private struct RelayWalk {
    private var generator: SeededGenerator
    private var relay = RelayMachine<Int64>(capacity: 50, lease: .seconds(5), silence: .seconds(10))
    private var now = ContinuousClock.now
    private var next: Int64 = 1
    private var acknowledged: Set<Int64> = []
    private var delivered: Set<Int64> = []
    private var holders: [PeerID: [Int64]] = [:]
    private var credits: [PeerID: Int] = [:]

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func step() {
        now = now.advanced(by: .milliseconds(Int.random(in: 0..<300, using: &generator)))
        let peer = PeerID([UInt8.random(in: 1...3, using: &generator)])
        switch Int.random(in: 0..<10, using: &generator) {
        case 0...3: addTask()
        case 4: greet(peer)
        case 5:
            relay.receiverLeft(peer)
            holders[peer] = []
        case 6...8: acknowledge(peer)
        default: for peer in holders.keys { _ = relay.receiverBeat(peer, session: UInt64(peer.bytes[0]), at: now) }
        }
        deliver()
        #expect(relay.pendingCount <= 50)
        let floor = relay.floor?.task ?? next
        #expect((1..<floor).allSatisfy { acknowledged.contains($0) }, "nothing below the floor is undone")
    }

    private mutating func addTask() {
        guard relay.room > 0 else { return }
        relay.add(next, at: .init(transaction: UInt64(next), task: next))
        next += 1
    }

    private mutating func greet(_ peer: PeerID) {
        credits[peer] = Int.random(in: 1...20, using: &generator)
        relay.receiverGreeted(peer, session: UInt64(peer.bytes[0]), credit: credits[peer] ?? 0, at: now)
    }

    private mutating func acknowledge(_ peer: PeerID) {
        guard let task = holders[peer]?.randomElement(using: &generator) else { return }
        holders[peer]?.removeAll { $0 == task }
        for position in relay.acknowledged([task], by: peer, at: now) {
            let isFirst = acknowledged.insert(position.task).inserted
            #expect(isFirst, "a task is done once")
            #expect(delivered.contains(position.task))
        }
    }

    private mutating func deliver() {
        for message in relay.deliveries(limit: 8, at: now) {
            #expect(message.tasks.count <= min(8, credits[message.peer] ?? 0))
            for task in message.tasks {
                #expect(!acknowledged.contains(task), "what is done is not delivered again")
                delivered.insert(task)
                holders[message.peer, default: []].append(task)
            }
        }
    }

    mutating func settle() {
        for _ in 0..<5_000 where relay.pendingCount > 0 {
            now = now.advanced(by: .milliseconds(100))
            for number in UInt8(1)...3 {
                let peer = PeerID([number])
                credits[peer] = 20
                relay.receiverGreeted(peer, session: UInt64(number), credit: 20, at: now)
                acknowledge(peer)
            }
            deliver()
        }
        #expect(relay.pendingCount == 0)
        #expect(acknowledged.count == Int(next - 1))
    }
}
