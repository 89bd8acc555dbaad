/// What is to happen, in order of time; what is due at the same time happens in the order in which it was planned.
struct EventQueue {
    /// Something that is to happen.
    struct Event {
        /// Microseconds of virtual time.
        let time: Int
        /// Breaks ties, so that a seed always runs the same.
        let order: Int
        /// What happens.
        let action: () -> Void

        static func < (left: Event, right: Event) -> Bool {
            left.time == right.time ? left.order < right.order : left.time < right.time
        }
    }

    private var heap: [Event] = []
    private var lastOrder = 0

    /// Plans an event.
    mutating func add(at time: Int, _ action: @escaping () -> Void) {
        lastOrder += 1
        heap.append(Event(time: time, order: lastOrder, action: action))
        rise(from: heap.count - 1)
    }

    /// Takes the next event out.
    mutating func next() -> Event? {
        guard let last = heap.popLast() else { return nil }
        guard let first = heap.first else { return last }
        heap[0] = last
        sink()
        return first
    }

    private mutating func rise(from start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index] < heap[parent] else { return }
            heap.swapAt(index, parent)
            index = parent
        }
    }

    private mutating func sink() {
        var index = 0
        while true {
            let left = 2 * index + 1
            guard left < heap.count else { return }
            let child = left + 1 < heap.count && heap[left + 1] < heap[left] ? left + 1 : left
            guard heap[child] < heap[index] else { return }
            heap.swapAt(index, child)
            index = child
        }
    }
}
