public import Dossiers
import Foundation
import SwiftProtobuf
public import WireMessages

/// What a sender counted of the entries with which it closes a day.
public struct DayManifest: Sendable, Equatable {
    /// The local day that is closed.
    public let day: Day
    /// The numbers that it covers.
    public let numbers: ClosedRange<UInt64>
    /// Digest of the last of them: the sender's chain up to there.
    public let lastDigest: [UInt8]
    /// Dossiers per cell; never zero.
    public let cells: [TallyCell: UInt64]

    /// A manifest.
    public init(day: Day, numbers: ClosedRange<UInt64>, lastDigest: [UInt8], cells: [TallyCell: UInt64]) {
        self.day = day
        self.numbers = numbers
        self.lastDigest = lastDigest
        self.cells = cells
    }

    /// The same by channel alone.
    public var byChannel: DayManifest {
        let sums = cells.reduce(into: [TallyCell: UInt64]()) { sums, cell in
            sums[TallyCell(channel: cell.key.channel, procedure: TallyCell.allProcedures), default: 0] &+= cell.value
        }
        return DayManifest(day: day, numbers: numbers, lastDigest: lastDigest, cells: sums)
    }
}

extension DayManifest {
    /// Reads a message.
    /// - Parameter culprits: paths of the fields that make no sense.
    init?(_ message: WireManifest, culprits: inout [String]) {
        let day = Day(iso8601: message.day)
        if day == nil { culprits.append("manifest.day") }
        if message.first < 1 || message.last < message.first || message.last > Limits.highestNumber {
            culprits.append("manifest.last")
        }
        if message.lastDigest.count != 32 { culprits.append("manifest.last_digest") }
        var cells: [TallyCell: UInt64] = [:]
        for cell in message.cells {
            let isText = [cell.channel, cell.procedure].allSatisfy { $0.utf8.count <= 64 && !$0.utf8.contains(0) }
            let isKnown = cell.channel == TallyCell.unknown || Channel(code: cell.channel)?.code == cell.channel
            let key = TallyCell(channel: cell.channel, procedure: cell.procedure)
            guard isText, isKnown, cell.dossiers > 0, cell.dossiers <= Limits.highestNumber, cells[key] == nil else {
                culprits.append("manifest.cells")
                break
            }
            cells[key] = cell.dossiers
        }
        guard culprits.isEmpty, let day else { return nil }
        self.init(
            day: day, numbers: message.first...message.last, lastDigest: [UInt8](message.lastDigest), cells: cells)
    }
}

extension WireEntry {
    /// The entry by which a day is closed.
    public init(manifest: DayManifest) {
        self.init()
        self.manifest.day = "\(manifest.day)"
        self.manifest.first = manifest.numbers.lowerBound
        self.manifest.last = manifest.numbers.upperBound
        self.manifest.lastDigest = Data(manifest.lastDigest)
        self.manifest.cells = manifest.cells.keys.sorted().map { key in
            var cell = WireManifest.Cell()
            cell.channel = key.channel
            cell.procedure = key.procedure
            cell.dossiers = manifest.cells[key] ?? 0
            return cell
        }
    }
}
