package import Dossiers
package import Store

/// What changed the figures between two moments, a dossier each.
package struct Restatement: Sendable, Equatable {
    /// Why a dossier counts otherwise than before.
    package enum Cause: String, Sendable, CaseIterable {
        /// Received after the first moment: figures grow, and none is restated.
        case new
        /// Received by the first moment, and recorded after it.
        case lateArrival = "late_arrival"
        /// It was in the quarantine, and a replay stored it.
        case replayed
        /// A correction has it count elsewhere: another day, unit, procedure or channel.
        case reclassified
        /// A correction changed what happened to it: finished, returned, due.
        case corrected
        /// It was withdrawn, and nothing took its place.
        case voided
    }

    /// Code of the dossier.
    package let code: String
    /// Why.
    package let cause: Cause
    /// As it counted before; `nil`: it did not.
    package let before: AdoptionLedger.Dossier?
    /// As it counts since; `nil`: it does not.
    package let after: AdoptionLedger.Dossier?
    /// When the last change was recorded, in microseconds since 1970.
    package let recordedAt: Int64

    /// What ledger rows come to; those that cancel each other out are no restatement.
    /// - Parameters:
    ///   - changes: in order of dossiers, as the ledger gives them.
    ///   - day: the local day of the first moment.
    package static func all(in changes: [AdoptionLedger.Change], since day: Day) -> [Restatement] {
        var restatements: [Restatement] = []
        var start = 0
        while start < changes.count {
            let code = changes[start].dossier.code
            let end = changes[start...].firstIndex { !$0.dossier.code.utf8.elementsEqual(code.utf8) } ?? changes.count
            if let restatement = one(changes[start..<end], since: day) { restatements.append(restatement) }
            start = end
        }
        return restatements
    }

    private static func one(_ changes: ArraySlice<AdoptionLedger.Change>, since day: Day) -> Restatement? {
        var net: [(dossier: AdoptionLedger.Dossier, delta: Int)] = []
        for change in changes {
            if let index = net.firstIndex(where: { $0.dossier == change.dossier }) {
                net[index].delta += change.delta
            } else {
                net.append((change.dossier, change.delta))
            }
        }
        let before = net.last { $0.delta < 0 }?.dossier
        let after = net.last { $0.delta > 0 }?.dossier
        guard let last = changes.last, before != nil || after != nil else { return nil }
        let cause: Cause
        switch (before, after) {
        case (let before?, let after?): cause = before.isCountedLike(after) ? .corrected : .reclassified
        case (nil, let after?):
            let isReplay = changes.contains { $0.delta > 0 && $0.kind == 1 && $0.part > 0 }
            cause = isReplay ? .replayed : after.receivedOn <= day ? .lateArrival : .new
        default: cause = .voided
        }
        return Restatement(
            code: last.dossier.code, cause: cause, before: before, after: after, recordedAt: last.recordedAt)
    }
}

extension AdoptionLedger.Dossier {
    /// Whether both count in the same place of the figures.
    fileprivate func isCountedLike(_ other: AdoptionLedger.Dossier) -> Bool {
        receivedOn == other.receivedOn && unit == other.unit && procedure == other.procedure
            && facts.channel == other.facts.channel
    }
}

extension Restatement.Cause {
    /// What people call it.
    package func title(in language: Language) -> String {
        switch (self, language) {
        case (.new, .vietnamese): "mới tiếp nhận"
        case (.lateArrival, .vietnamese): "đến muộn"
        case (.replayed, .vietnamese): "xử lý lại từ khu giữ lại"
        case (.reclassified, .vietnamese): "phân loại lại"
        case (.corrected, .vietnamese): "đính chính"
        case (.voided, .vietnamese): "hủy"
        case (.new, .english): "new"
        case (.lateArrival, .english): "late arrival"
        case (.replayed, .english): "replayed from the quarantine"
        case (.reclassified, .english): "reclassified"
        case (.corrected, .english): "corrected"
        case (.voided, .english): "voided"
        }
    }
}
