import Foundation
import Store

extension StatusReport {
    /// The report as one JSON document.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return (try? encoder.encode(Document(self))).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    private struct Document: Encodable {
        struct Service: Encodable {
            let name: String
            let state: String
            let reason: String?
        }

        struct Sender: Encodable {
            let sender: String
            let silentSeconds: Double?
            let recorded: Int64
            let waiting: Int64
            let missing: Int64
            let alarms: [String]
        }

        let isWell: Bool
        let needsALook: [String]
        let services: [Service]
        var senders: [Sender]?
        var quarantine: [String: Int64]?
        var quarantined: Int64?
        var foldLagSeconds: Double?
        var surveyTasksWaiting: Int64?
        var surveyOldestSeconds: Double?
        var arrivingPerSecond: Double?

        init(_ report: StatusReport) {
            let complaints = report.complaints
            isWell = complaints.isEmpty
            needsALook = complaints
            services = report.services.map { Service(name: $0.name, state: $0.state, reason: $0.reason) }
            guard case .seen(let state, let drained) = report.centre else { return }
            senders = state.senders.map {
                Sender(
                    sender: $0.name, silentSeconds: $0.silentSeconds, recorded: $0.recorded, waiting: $0.waiting,
                    missing: $0.missing, alarms: $0.alarms)
            }
            quarantine = Dictionary(state.quarantine.map { ($0.reason, $0.entries) }, uniquingKeysWith: +)
            quarantined = state.quarantined
            foldLagSeconds = state.foldLag
            surveyTasksWaiting = state.waitingTasks
            surveyOldestSeconds = state.oldestTask
            arrivingPerSecond = drained
        }
    }
}
