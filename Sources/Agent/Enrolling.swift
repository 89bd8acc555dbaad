import Foundation
package import IntakeProtocol
import Machines
import Polling
import WireMessages
package import ZeroMQ

/// Redeems an enrolment code: proves to the centre which key a new sender has made.
package actor Enrolling {
    /// Why the key is not enrolled.
    package enum Failure: Error, Sendable, Equatable {
        /// The centre does not let the code in: it has ended, was used, or is of another centre.
        case notAdmitted
        /// The code was used with another key, or has just ended.
        case refused
        /// The centre is known by another key than the code says, or something else listens there.
        case otherCentre
        /// There was no answer in time.
        case silent
        /// What was answered follows no protocol.
        case misunderstood(ProtocolError)
    }

    private let executor: PollingExecutor
    private let route: IntakeRoute

    /// The thread that waits.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe executor.asUnownedSerialExecutor()
    }

    /// Over a way to the centre, whose security is that of the code.
    package init(_ route: IntakeRoute) throws {
        executor = try PollingExecutor(name: "hoso-enrolling")
        self.route = route
    }

    isolated deinit { executor.stop() }

    /// Enrols a key.
    /// - Parameters:
    ///   - signature: of the code's key over both.
    ///   - patience: how long to try.
    /// - Returns: the name under which the key is enrolled.
    package func enrol(
        _ key: CurvePublicKey, signingKey: VerificationKey?, signature: [UInt8], patience: Duration
    ) async throws -> String {
        var message = WireEnrolment()
        message.key = Data(key.bytes)
        message.signingKey = Data(signingKey?.bytes ?? [])
        message.signature = Data(signature)
        let body = try message.encoded(as: .protobuf)
        let end = ContinuousClock.now.advanced(by: patience)
        // A code that was made a moment ago may not be known at the door yet, but it is within seconds.
        let known = ContinuousClock.now.advanced(by: min(patience, .seconds(5)))
        var last = Failure.silent
        while end > .now {
            do {
                return try await attempt(body, until: min(end, .now.advanced(by: .seconds(10))))
            } catch let failure as Failure {
                switch failure {
                case .notAdmitted where known < .now: throw failure
                case .notAdmitted, .silent: last = failure
                case .refused, .otherCentre, .misunderstood: throw failure
                }
            }
            _ = await executor.wait(for: [], until: min(end, .now.advanced(by: .seconds(1))))
        }
        throw last
    }

    private func attempt(_ body: [UInt8], until end: ContinuousClock.Instant) async throws -> String {
        let context = try Context()
        let socket = try Socket(.dealer, in: context)
        let handshakes = try Handshakes(of: socket, in: context)
        try socket.connect(route.endpoint, as: route.security)
        var header = Header(.enrol, contentType: .protobuf)
        header.session = UInt64.random(in: 1 ... .max)
        let frames = Parcel(header, body: body).frames.map { Frame($0) }
        var isSent = false, mismatches = 0
        while end > .now {
            if !isSent { isSent = try socket.send(frames) == .queued }
            while let outcome = handshakes.next() {
                switch outcome {
                case .admitted: break
                case .denied: throw Failure.notAdmitted
                case .mismatched:
                    mismatches += 1
                    if mismatches == 3 { throw Failure.otherCentre }
                }
            }
            if let frames = try socket.receive() { return try read(frames) }
            _ = await executor.wait(
                for: [socket.interest(isSent ? .readable : [.readable, .writable]), handshakes.interest],
                until: min(end, .now.advanced(by: .seconds(1))))
        }
        throw Failure.silent
    }

    private func read(_ frames: [Frame]) throws -> String {
        do throws(ProtocolError) {
            let parcel = try Parcel(frames: frames.map(\.bytes))
            switch parcel.header.command {
            case .enrolled: return try WireEnrolled(body: parcel.body, as: parcel.header.contentType).sender
            case .error:
                let refusal = try WireRefusal(body: parcel.body, as: parcel.header.contentType)
                throw ProtocolError(ProtocolError.Code(rawValue: refusal.code) ?? .malformedBody)
            default: throw ProtocolError(.unknownCommand)
            }
        } catch {
            switch error.code {
            case .notAuthorised, .badSignature: throw Failure.refused
            case .busy, .unknownSession: throw Failure.silent
            default: throw Failure.misunderstood(error)
            }
        }
    }
}
