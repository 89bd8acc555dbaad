import Foundation
import IntakeProtocol
import Synchronization

/// A peer that speaks ZMTP 3.0 by hand over a Unix socket, so that it can do what libzmq would not.
///
/// One that is cut connects again and goes on.
final class RawPeer: Sendable {
    /// How a peer misbehaves.
    enum Manner: Sendable {
        /// Sends frames of a size, each with the promise of another one.
        case endless(frame: Int)
        /// Greets, sends batches and beats, and never reads an answer.
        case deaf(sender: String)
    }

    private struct State {
        var isStopped = false
        var connections = 0
        var bytes = 0
        var descriptor: Int32?
    }

    private let state = Mutex(State())
    private let path: String
    private let manner: Manner

    /// Begins to misbehave.
    init(_ manner: Manner, at path: String) {
        self.path = path
        self.manner = manner
        let thread = Thread { [self] in run() }
        thread.stackSize = 1 << 18
        thread.start()
    }

    /// How often it has connected, and what it has sent.
    var summary: (connections: Int, bytes: Int) { state.withLock { ($0.connections, $0.bytes) } }

    /// Ends.
    func stop() {
        state.withLock { state in
            state.isStopped = true
            if let descriptor = state.descriptor { UnixSocket.shut(descriptor) }
        }
    }

    private func run() {
        while !state.withLock(\.isStopped) {
            guard let descriptor = try? UnixSocket.connect(to: path) else {
                usleep(50_000)
                continue
            }
            state.withLock { state in
                state.descriptor = descriptor
                state.connections += 1
            }
            if greet(descriptor) { misbehave(descriptor) }
            state.withLock { $0.descriptor = nil }
            close(descriptor)
            usleep(50_000)
        }
    }

    /// ZMTP 3.0 (RFC 23): signature, version, mechanism, filler; then the READY command.
    private func greet(_ descriptor: Int32) -> Bool {
        let mechanism = Array("NULL".utf8) + [UInt8](repeating: 0, count: 16)
        let greeting =
            [0xFF] + [UInt8](repeating: 0, count: 8) + [0x7F, 3, 0] + mechanism + [UInt8](repeating: 0, count: 32)
        let ready = [5] + Array("READY".utf8) + [11] + Array("Socket-Type".utf8) + [0, 0, 0, 6] + Array("DEALER".utf8)
        return UnixSocket.write(greeting, to: descriptor) && UnixSocket.read(descriptor, atMost: 64) != nil
            && UnixSocket.write([4, UInt8(ready.count)] + ready, to: descriptor)
    }

    private func misbehave(_ descriptor: Int32) {
        switch manner {
        case .endless(let size):
            let frame = Self.frame([UInt8](repeating: 7, count: size), hasMore: true)
            let piece = [[UInt8]](repeating: frame, count: max(1, 65_536 / frame.count)).flatMap(\.self)
            // Not all of the processor: what is measured is memory.
            while write(piece, to: descriptor) { usleep(2_000) }
        case .deaf(let sender):
            let session = UInt64.random(in: 1...(.max))
            let hello = Array("{\"sender\":\"\(sender)\"}".utf8)
            guard write(Self.message(.hello, session, hello), to: descriptor) else { return }
            let batch = Self.message(.batch, session, [UInt8](repeating: 7, count: 200_000))
            let beat = Self.message(.ping, session, [])
            var isOpen = true
            while isOpen {
                for _ in 0..<100 where isOpen { isOpen = write(beat, to: descriptor) }
                isOpen = isOpen && write(batch, to: descriptor)
                usleep(5_000)
            }
        }
    }

    private func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        state.withLock { $0.bytes += bytes.count }
        return UnixSocket.write(bytes, to: descriptor)
    }

    private static func message(_ command: Command, _ session: UInt64, _ body: [UInt8]) -> [UInt8] {
        var header = Header(command, contentType: body.isEmpty ? .none : .json)
        header.session = session
        header.epoch = 7
        header.first = 1
        header.count = 1
        header.seal(body)
        return frame(header.bytes, hasMore: true) + frame(body, hasMore: false)
    }

    private static func frame(_ bytes: [UInt8], hasMore: Bool) -> [UInt8] {
        let more: UInt8 = hasMore ? 1 : 0
        guard bytes.count > 255 else { return [more, UInt8(bytes.count)] + bytes }
        let length = (0..<8).reversed().map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
        return [more | 2] + length + bytes
    }
}
