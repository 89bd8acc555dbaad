import Foundation
import Synchronization

/// A Unix socket between two programs on which the way can be made bad.
///
/// Each connection has two threads, one per direction, which look at the weather before every piece that they pass on.
final class ChaosProxy: Sendable {
    /// What happens to the bytes.
    struct Weather: Sendable {
        /// From the program that connects; held back as a partition would, and passed on when it is over.
        var holdsRequests = false
        /// To the program that connects.
        var holdsAnswers = false
        /// Before each piece.
        var delay: Duration = .zero
        /// Bytes of a piece.
        var piece = 65_536
        /// One bit in so many pieces is turned over; 0 for none.
        var flipsOneIn = 0
        /// A connection on which these bytes go out is cut before the answer comes back.
        var cutsAfter: [UInt8] = []
        /// A connection is cut in the middle of a piece, once.
        var truncates = false
    }

    private struct State {
        var weather = Weather()
        var isClosed = false
        var connections: [Int32: Int32] = [:]
        var cuts = 0
    }

    private let state = Mutex(State())
    private let target: String
    private let listener: Int32

    /// Listens at a path and connects to another one for each connection.
    init(at path: String, to target: String) throws {
        self.target = target
        listener = try UnixSocket.listen(at: path)
        spawn("proxy") { [self] in accept() }
    }

    /// How often a connection was cut.
    var cuts: Int { state.withLock(\.cuts) }

    /// Changes the weather for all connections.
    func set(_ change: (inout Weather) -> Void) { state.withLock { change(&$0.weather) } }

    /// Cuts every connection.
    func cut() {
        state.withLock { state in
            for (near, far) in state.connections { UnixSocket.shut(near, far) }
            state.cuts += state.connections.count
        }
    }

    /// Ends everything.
    func close() {
        state.withLock { $0.isClosed = true }
        cut()
        UnixSocket.shut(listener)
    }

    private func spawn(_ name: String, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.stackSize = 1 << 18
        thread.start()
    }

    private func accept() {
        while let near = UnixSocket.accept(listener) {
            guard let far = try? UnixSocket.connect(to: target) else {
                Foundation.close(near)
                continue
            }
            state.withLock { $0.connections[near] = far }
            let ends = Mutex(0)
            let finish: @Sendable () -> Void = { [self] in
                UnixSocket.shut(near, far)
                let isLast = ends.withLock { ends in
                    ends += 1
                    return ends == 2
                }
                guard isLast else { return }
                state.withLock { $0.connections[near] = nil }
                Foundation.close(near)
                Foundation.close(far)
            }
            spawn("requests") { [self] in
                pass(from: near, to: far, isRequest: true)
                finish()
            }
            spawn("answers") { [self] in
                pass(from: far, to: near, isRequest: false)
                finish()
            }
        }
        Foundation.close(listener)
    }

    private func pass(from source: Int32, to target: Int32, isRequest: Bool) {
        var pieces = 0
        while var bytes = UnixSocket.read(source, atMost: state.withLock(\.weather).piece) {
            pieces += 1
            var weather = waitForWeather(isRequest)
            if weather.truncates {
                state.withLock { $0.weather.truncates = false }
                _ = UnixSocket.write(Array(bytes.prefix(bytes.count / 2)), to: target)
                return noteCut()
            }
            if weather.flipsOneIn > 0, pieces.isMultiple(of: weather.flipsOneIn) { bytes[bytes.count / 2] ^= 0x10 }
            guard UnixSocket.write(bytes, to: target) else { return }
            weather = state.withLock(\.weather)
            if isRequest, !weather.cutsAfter.isEmpty, bytes.contains(weather.cutsAfter) {
                // Long enough for the server to do it.
                usleep(20_000)
                return noteCut()
            }
        }
    }

    private func noteCut() { state.withLock { $0.cuts += 1 } }

    private func waitForWeather(_ isRequest: Bool) -> Weather {
        while true {
            let (weather, isClosed) = state.withLock { ($0.weather, $0.isClosed) }
            let isHeld = isRequest ? weather.holdsRequests : weather.holdsAnswers
            if !isHeld || isClosed {
                let delay = weather.delay.components
                if delay.attoseconds > 0 { usleep(UInt32(delay.attoseconds / 1_000_000_000_000)) }
                return weather
            }
            usleep(5_000)
        }
    }
}
