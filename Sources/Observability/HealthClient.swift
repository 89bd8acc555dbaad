import Foundation
import NIOCore
import NIOHTTP1
package import NIOPosix

/// Asks services of this machine how they fare, at their health sockets.
package struct HealthClient: Sendable {
    /// An answer.
    package struct Answer: Sendable {
        /// The status of HTTP.
        package let status: Int
        /// The body.
        package let body: String
    }

    /// A service did not answer as one does.
    package struct Failure: Error {
        /// What it did.
        package let reason: String
    }

    private let threads: MultiThreadedEventLoopGroup

    /// A client that works on these threads.
    package init(threads: MultiThreadedEventLoopGroup = .singleton) { self.threads = threads }

    /// The sockets of a folder, by the names of their services.
    package static func sockets(in folder: String) -> [(service: String, path: String)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.sorted().filter { $0.hasSuffix(".sock") }.map { (String($0.dropLast(5)), "\(folder)/\($0)") }
    }

    /// Asks one service.
    package func get(_ path: String, from socket: String, within time: Duration = .seconds(2)) async throws -> Answer {
        try await withThrowingTaskGroup(of: Answer.self) { group in
            group.addTask { try await ask(path, socket) }
            group.addTask {
                try await Task.sleep(for: time)
                throw Failure(reason: "no answer within \(time)")
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw Failure(reason: "no answer") }
            return answer
        }
    }

    private func ask(_ path: String, _ socket: String) async throws -> Answer {
        let channel = try await ClientBootstrap(group: threads).connect(unixDomainSocketPath: socket) { channel in
            channel.eventLoop.makeCompletedFuture {
                try channel.pipeline.syncOperations.addHTTPClientHandlers()
                return try NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>(
                    wrappingChannelSynchronously: channel)
            }
        }
        return try await channel.executeThenClose { inbound, outbound in
            let headers: HTTPHeaders = ["Host": "localhost", "Connection": "close"]
            try await outbound.write(
                .head(HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)))
            try await outbound.write(.end(nil))
            var status = 0
            var body = ByteBuffer()
            for try await part in inbound {
                switch part {
                case .head(let head): status = Int(head.status.code)
                case .body(var bytes):
                    guard body.readableBytes + bytes.readableBytes <= Self.largest else {
                        throw Failure(reason: "more than \(Self.largest) bytes")
                    }
                    body.writeBuffer(&bytes)
                case .end: return Answer(status: status, body: String(buffer: body))
                }
            }
            throw Failure(reason: "the connection ended")
        }
    }

    private static let largest = 8_388_608
}
