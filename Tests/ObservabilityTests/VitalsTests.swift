import Observability
import Systemd
import Testing

/// A service is alive while each of its loops is heard of in time.
struct VitalsTests {
    @Test func `A loop that is overdue makes a service stuck, until it comes round`() {
        let vitals = Vitals()
        vitals.lap("socket", within: .seconds(60))
        #expect(vitals.report.isAlive)
        vitals.lap("database", within: .zero)
        vitals.lap("socket", within: .seconds(60))
        #expect(!vitals.report.isAlive)
        vitals.lap("database", within: .seconds(60))
        #expect(vitals.report.isAlive)
    }

    @Test func `A loop that has ended is not waited for`() {
        let vitals = Vitals()
        vitals.lap("socket", within: .zero)
        #expect(!vitals.report.isAlive)
        vitals.ended("socket")
        #expect(vitals.report.isAlive)
    }

    @Test func `A service that drains stays so`() {
        let vitals = Vitals()
        #expect(vitals.report.condition == .starting)
        vitals.degraded("no broker")
        #expect(vitals.report.condition.text == "degraded: no broker")
        vitals.ready()
        #expect(vitals.report.condition == .ready)
        vitals.stopping()
        vitals.ready()
        #expect(vitals.report.condition == .stopping)
    }

    @Test func `A watchdog is only minded when it is this process's`() {
        let address = ["NOTIFY_SOCKET": "/run/none", "WATCHDOG_USEC": "20000000"]
        #expect(ServiceManager(environment: address).watchdog == .seconds(20))
        #expect(ServiceManager(environment: address.merging(["WATCHDOG_PID": "1"]) { $1 }).watchdog == nil)
        #expect(ServiceManager(environment: ["WATCHDOG_USEC": "20000000"]).watchdog == nil)
        #expect(ServiceManager(environment: [:]).isListening == false)
    }

    @Test func `Sockets that were left to another process are not taken`() {
        let environment = ["LISTEN_PID": "1", "LISTEN_FDS": "2"]
        #expect(ListeningSockets(environment: environment).descriptors.isEmpty)
        #expect(ListeningSockets(environment: [:]).descriptor(for: "tcp://*:5710") == nil)
    }
}
