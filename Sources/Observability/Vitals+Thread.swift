package import Polling

extension Vitals {
    /// Reports once a second that the thread of a service turns, while its other loops wait for something.
    ///
    /// Call it on that thread. Systemd hears of it only while no loop is overdue.
    /// - Parameter stop: ends it; `nil`: only the task's end does.
    package func showLife(on executor: PollingExecutor, until stop: Signal? = nil) async {
        while stop?.isRaised != true, !Task.isCancelled {
            lap("thread", within: .seconds(15))
            _ = await executor.wait(for: stop.map { [.signal($0)] } ?? [], until: .now.advanced(by: .seconds(1)))
        }
        ended("thread")
    }
}
