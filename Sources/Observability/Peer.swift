package import HTTPTypes
import Hummingbird
import NIOCore

/// Where a request comes from.
///
/// The connection says it, in a field that whoever asks cannot write.
package enum Peer {
    /// The field: an address, or ``local``.
    package static let field = HTTPField.Name("Hoso-Peer") ?? .from

    /// Whoever may open a Unix socket of this machine.
    package static let local = "local"

    /// Whether an address is this machine's own.
    package static func isHere(_ address: String) -> Bool {
        let number = address.hasPrefix("::ffff:") ? address.dropFirst(7) : address[...]
        // A name may begin with 127 too.
        let isLoopback = number.hasPrefix("127.") && number.utf8.allSatisfy { $0 == 46 || (48...57).contains($0) }
        return address == local || address == "::1" || isLoopback
    }
}

/// Notes where requests come from before others answer them.
struct PeerResponder<Inner: HTTPResponder>: HTTPResponder where Inner.Context == BasicRequestContext {
    let inner: Inner

    func respond(to request: Request, context: PeerContext) async throws -> Response {
        var head = request.head
        head.headerFields[Peer.field] = context.peer
        return try await inner.respond(to: Request(head: head, body: request.body), context: context.inner)
    }
}

/// The context of a request, with its connection's other end.
struct PeerContext: InitializableFromSource, Sendable {
    let inner: BasicRequestContext
    let peer: String

    init(source: ApplicationRequestContextSource) {
        inner = BasicRequestContext(source: source)
        peer = source.channel.remoteAddress?.ipAddress ?? Peer.local
    }
}
