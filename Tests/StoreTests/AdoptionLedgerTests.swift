import Adoption
import Dossiers
import Postgres
import Store
import TestSupport
import Testing

/// Figures of earlier moments, and what stands behind them.
@Suite(.takingTurns) struct AdoptionLedgerTests {
    @Test func `Figures of every earlier moment are reproduced, whatever was folded or corrected since`() async throws {
        try await Ledger.perform { ledger async throws in
            var numbers = SeededNumbers(seed: 20_261_127)
            let explained = AdoptionLedger(ledger.connection)
            let query = AdoptionQuery(ledger.connection)
            var known: [(moment: Int64, groups: [AdoptionQuery.Group])] = []
            var next: UInt64 = 1
            var stored: [(number: UInt64, code: String)] = []
            for round in 0..<14 {
                if round > 3, !stored.isEmpty, Bool.random(using: &numbers) {
                    let root = stored[Int.random(in: stored.indices, using: &numbers)]
                    let channel = Channel.allCases[Int.random(in: 0..<3, using: &numbers)]
                    _ = try await ledger.revise([
                        ledger.revision(next, of: root.number, code: root.code, channel: channel)
                    ])
                    next += 1
                } else {
                    let channel = Channel.allCases[Int.random(in: 0..<3, using: &numbers)]
                    let day = Int32.random(in: 19_100...19_102, using: &numbers)
                    let entries = (0..<3).map { place in
                        ledger.entry(next + place, code: "D\(next + place)", channel: channel, day: day)
                    }
                    _ = try await ledger.write(entries)
                    stored += entries.map { ($0.key.sequence, $0.dossier.code) }
                    next += 3
                }
                // Some moments are of folded rows, some of others.
                if round.isMultiple(of: 3) { try await ledger.foldAll() }
                let moment = try await explained.now()
                known.append((moment, try await query.groups(by: [.day], from: nil, to: nil, asOf: moment)))
            }
            try await ledger.foldAll()
            #expect(try await query.groups(by: [.day], from: nil, to: nil) == known[known.count - 1].groups)
            for (moment, groups) in known {
                #expect(try await query.groups(by: [.day], from: nil, to: nil, asOf: moment) == groups)
                let standing = try await explained.standing(AdoptionScope(), asOf: moment, limit: 1_000)
                #expect(Self.tallies(standing) == Self.tallies(groups), "the dossiers add up to the figures")
                #expect(Int64(standing.dossiers.count) == standing.counts.reduce(0) { $0 + $1.dossiers })
            }
        }
    }

    @Test func `Each restatement names its dossier and its cause`() async throws {
        try await Ledger.perform { ledger async throws in
            let explained = AdoptionLedger(ledger.connection)
            _ = try await ledger.write([
                ledger.entry(1, code: "A"), ledger.entry(2, code: "B"), ledger.entry(3, code: "C"),
            ])
            let start = try await explained.now()
            _ = try await ledger.revise([ledger.revision(4, of: 1, code: "A", channel: .postal)])
            _ = try await ledger.write([ledger.entry(5, code: "LATE", day: 19_090)])
            _ = try await ledger.write([ledger.entry(6, code: "NEW", day: 19_200)])
            // There and back again is no restatement.
            _ = try await ledger.revise([ledger.revision(7, of: 2, code: "B", channel: .postal)])
            _ = try await ledger.revise([ledger.revision(8, of: 7, code: "B", channel: .online)])
            let end = try await explained.now()
            let changes = try await explained.changes(AdoptionScope(), after: start, upTo: end, limit: 1_000)
            let restatements = Restatement.all(in: changes, since: Day(number: 19_150))
            #expect(restatements.map(\.code) == ["A", "LATE", "NEW"])
            #expect(restatements.map(\.cause) == [.reclassified, .lateArrival, .new])
            #expect(restatements[0].before?.facts.channel == .online)
            #expect(restatements[0].after?.facts.channel == .postal)
            #expect(try await explained.changes(AdoptionScope(), after: end, upTo: end + 1, limit: 10).isEmpty)
            // Only what touches the days that are asked for.
            let scope = AdoptionScope(from: Day(number: 19_190), to: nil)
            let few = try await explained.changes(scope, after: start, upTo: end, limit: 1_000)
            #expect(Restatement.all(in: few, since: Day(number: 19_150)).map(\.code) == ["NEW"])
        }
    }

    @Test func `Dossiers are listed page by page`() async throws {
        try await Ledger.perform { ledger async throws in
            _ = try await ledger.write(ledger.entries(1...25))
            let explained = AdoptionLedger(ledger.connection)
            var cursor: (day: Day, code: String)?
            var codes: [String] = []
            while true {
                let page = try await explained.standing(AdoptionScope(), asOf: nil, limit: 10, after: cursor).dossiers
                guard let last = page.last else { break }
                codes += page.map(\.code)
                cursor = (last.receivedOn, last.code)
            }
            #expect(codes.count == 25 && Set(codes).count == 25)
        }
    }

    private static func tallies(_ standing: AdoptionLedger.Standing) -> [Channel: Int64] {
        standing.counts.reduce(into: [:]) { $0[$1.facts.channel, default: 0] += $1.dossiers }
    }

    private static func tallies(_ groups: [AdoptionQuery.Group]) -> [Channel: Int64] {
        groups.reduce(into: [:]) { sums, group in
            for (channel, tally) in group.channels where tally.dossiers != 0 {
                sums[channel, default: 0] += tally.dossiers
            }
        }
    }
}
