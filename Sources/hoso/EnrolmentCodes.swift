import Adoption
import ArgumentParser
import Dossiers
import Foundation
import IntakeProtocol
import Keys
import Polling
import Settings
import Store
import ZeroMQ

extension SenderCommand.Enrol {
    /// Makes a one-time code and prints it: alone on the standard output, so that it can be passed on.
    func makeCode(_ settings: HosoSettings) async throws {
        let language = settings.language
        guard let serverKey = try HosoSettings.curveKey(settings.serverKey) else {
            throw refusal(
                language.choose(
                    "trung tâm không nhận qua mạng: cần intake.server_key và một địa chỉ tcp:// trong intake.endpoints",
                    "the centre listens to no network: it takes intake.server_key and a tcp:// address in intake.endpoints"
                ),
                78)
        }
        guard let endpoint = reachedAt ?? settings.intakeEndpoints.first(where: Self.isReachable),
            HosoSettings.isNetworkEndpoint(endpoint), endpoint.utf8.count < 256
        else {
            throw refusal(
                language.choose(
                    "hãy ghi địa chỉ mà điểm gửi kết nối tới: --reached-at tcp://MÁY:CỔNG",
                    "say where senders reach the centre: --reached-at tcp://HOST:PORT"), 64)
        }
        let receiptKey = try HosoSettings.signingKey(settings.receiptKey)?.publicKey ?? settings.receiptKeys.first
        let code = EnrolmentCode(
            for: choice.name, at: endpoint, centreKey: serverKey.publicKey, receiptKey: receiptKey)
        let (curve, signing) = (try code.curveKey().publicKey.bytes, try code.signingKey().publicKey.bytes)
        let (name, who, authority) = (choice.name, operatorName, grants.authority)
        let ends = WallClock.microseconds + Int64(hours) * 3_600_000_000
        let keyEnds = to.flatMap { Instant(rfc3339: $0) }?.microseconds
        try await DatabaseSession(settings.database("operations", as: .operations)).perform { connection in
            _ = try await Enrolments(connection).make(
                curve: curve, signing: signing, of: name, granting: authority, validTo: ends, keyEnds: keyEnds, by: who)
        }
        Console.line(code.revealed)
        var zone = settings.zone
        let until = zone.text(of: ends)
        Console.error(
            language.choose(
                "Trên máy của \(name), trước \(until): chạy hoso agent enrol rồi dán mã",
                "On the machine of \(name), before \(until): run hoso agent enrol, and paste the code"))
    }

    private static func isReachable(_ endpoint: String) -> Bool {
        // Where it listens at large, or on the loopback, is no place that others could be told.
        endpoint.hasPrefix("tcp://")
            && !["tcp://*", "tcp://0.0.0.0", "tcp://127.", "tcp://localhost", "tcp://["].contains {
                endpoint.hasPrefix($0)
            }
    }

    private func refusal(_ sentence: String, _ code: Int32) -> ExitCode {
        Console.error("hoso: \(sentence)")
        return ExitCode(code)
    }
}
