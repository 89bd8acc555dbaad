package import Dossiers
import Foundation
package import Postgres

/// A day's manifest beside what the ledger has of the same numbers.
package struct ManifestComparison: Sendable, Equatable {
    /// A cell in which the two disagree.
    package struct Difference: Sendable, Equatable {
        /// What is counted.
        package let cell: TallyCell
        /// Dossiers by the sender's count.
        package let sender: Int64
        /// Dossiers by the ledger.
        package let centre: Int64
    }

    /// Name of the sender.
    package let sender: String
    /// Where the manifest stands.
    package let key: EntryKey
    /// The local day that was closed.
    package let day: Day
    /// The numbers that it covers.
    package let numbers: ClosedRange<Int64>
    /// Dossiers by the sender's count.
    package let dossiers: Int64
    /// Numbers of them that the ledger does not have.
    package let missing: [ClosedRange<Int64>]
    /// Whether the ledger's chain is the sender's at the last number; `nil` while that one is missing.
    package let chainAgrees: Bool?
    /// Cells in which the counts differ, in order.
    package let differences: [Difference]

    /// Whether the centre has exactly what the sender counted.
    package var isEqual: Bool { missing.isEmpty && chainAgrees == true && differences.isEmpty }
}

/// Compares manifests with the ledger.
package struct Manifests {
    private let connection: Connection

    /// Manifests on a connection.
    package init(_ connection: Connection) { self.connection = connection }

    /// Numbers of a manifest that is compared while it is answered, at most; a larger one takes too long for that.
    package static var mostNumbers: UInt64 { 1_000_000 }

    /// The manifests of the last 31 days, of all senders or one: the newest hundred of each epoch, in order.
    package func recent(of sender: String? = nil) async throws(PostgresError) -> [ManifestComparison] {
        var parameters = Parameters()
        parameters.append(sender)
        let result = try await connection.run(
            """
            SELECT \(Self.columns)
            FROM (SELECT *, row_number() OVER (PARTITION BY sender, epoch ORDER BY sequence DESC) AS place
                  FROM hoso.manifest WHERE recorded_at > now() - interval '31 days') m
            JOIN hoso.sender s ON s.id = m.sender
            WHERE place <= 100 AND ($1::text IS NULL OR s.name = $1)
              -- Of numbers whose ledger rows are gone nothing can be compared any more.
              AND NOT EXISTS (
                  SELECT FROM hoso.forgotten f
                  WHERE f.sender = m.sender AND f.epoch = m.epoch AND f.first <= m.last AND f.last >= m.first)
            ORDER BY s.name, m.epoch, m.sequence
            """, parameters, as: "read manifests", within: .seconds(60))
        var comparisons: [ManifestComparison] = []
        for row in 0..<result.count { comparisons.append(try await compare(result, row)) }
        return comparisons
    }

    /// The manifest of an entry.
    package func comparison(of key: EntryKey) async throws(PostgresError) -> ManifestComparison? {
        var parameters = Parameters()
        parameters.append(key.sender)
        parameters.append(Int64(bitPattern: key.epoch))
        parameters.append(Int64(bitPattern: key.sequence))
        let result = try await connection.run(
            """
            SELECT \(Self.columns) FROM hoso.manifest m JOIN hoso.sender s ON s.id = m.sender
            WHERE m.sender = $1 AND m.epoch = $2 AND m.sequence = $3
            """, parameters, as: "read a manifest")
        return result.count == 1 ? try await compare(result, 0) : nil
    }

    private static let columns = """
        s.name, m.sender, m.epoch, m.sequence, m.day, m.first, m.last, m.last_digest, m.cells::text
        """

    private func compare(_ manifest: QueryResult, _ row: Int) async throws(PostgresError) -> ManifestComparison {
        let key = EntryKey(
            sender: manifest.int32(row, 1), epoch: UInt64(bitPattern: manifest.int64(row, 2)),
            sequence: UInt64(bitPattern: manifest.int64(row, 3)))
        let (first, last) = (manifest.int64(row, 5), manifest.int64(row, 6))
        var parameters = Parameters()
        parameters.append(key.sender)
        parameters.append(Int64(bitPattern: key.epoch))
        parameters.append(first)
        parameters.append(last)
        let results = try await connection.commit(
            [
                Statement("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"),
                Statement(Self.counts, parameters), Statement(Self.gaps, parameters), Statement(Self.chain, parameters),
            ], as: "compare a manifest", within: .seconds(60))
        let said = ManifestCells.read(manifest.string(row, 8))
        let isByChannel = said.keys.contains { $0.procedure == TallyCell.allProcedures }
        var counts: [TallyCell: Int64] = [:]
        for place in 0..<results[1].count {
            let channel = results[1].isNull(place, 0) ? nil : Channel(rawValue: results[1].int16(place, 0))
            let procedure = results[1].string(place, 1)
            // An opaque code may be the word that stands for all.
            let counted = procedure == TallyCell.allProcedures ? TallyCell.unknown : procedure
            let cell = TallyCell(
                channel: channel?.code ?? TallyCell.unknown,
                procedure: isByChannel ? TallyCell.allProcedures : counted)
            counts[cell, default: 0] += results[1].int64(place, 2)
        }
        let differences = Set(said.keys).union(counts.keys).sorted().compactMap { cell in
            let (sender, centre) = (said[cell] ?? 0, counts[cell] ?? 0)
            return sender == centre ? nil : ManifestComparison.Difference(cell: cell, sender: sender, centre: centre)
        }
        let chain = results[3]
        return ManifestComparison(
            sender: manifest.string(row, 0), key: key, day: Day(number: manifest.day(row, 4)), numbers: first...last,
            dossiers: said.values.reduce(0) { $0.addingReportingOverflow($1).partialValue },
            missing: (0..<results[2].count).map { results[2].int64($0, 0)...results[2].int64($0, 1) },
            chainAgrees: chain.count == 1 ? chain.bytes(0, 0) == manifest.bytes(row, 7) : nil,
            differences: differences)
    }

    private static let counts = """
        SELECT channel, coalesce(procedure, ''), count(*) FROM hoso.intake
        WHERE sender = $1 AND epoch = $2 AND sequence BETWEEN $3 AND $4 AND part = 0 AND kind <> 3 GROUP BY 1, 2
        """
    private static let gaps = """
        SELECT previous + 1, sequence - 1 FROM (
            SELECT sequence, lag(sequence, 1, $3 - 1) OVER (ORDER BY sequence) AS previous
            FROM (
                SELECT sequence FROM hoso.intake
                WHERE sender = $1 AND epoch = $2 AND sequence BETWEEN $3 AND $4 AND part = 0
                UNION ALL SELECT $4 + 1) n) g
        WHERE sequence > previous + 1 ORDER BY 1 LIMIT 1000
        """
    /// It has the parameters of the other two, of which the third needs a use.
    private static let chain = """
        SELECT digest FROM hoso.intake WHERE sender = $1 AND epoch = $2 AND sequence = $4 AND part = 0 AND $3 > 0
        """
}

/// The cells of a manifest as they stand in the database.
enum ManifestCells {
    private struct Cell: Codable {
        let channel: String
        let procedure: String
        let dossiers: Int64
    }

    static func json(_ cells: [TallyCell: UInt64]) -> String {
        let list = cells.keys.sorted().map { key in
            Cell(channel: key.channel, procedure: key.procedure, dossiers: Int64(clamping: cells[key] ?? 0))
        }
        return (try? JSONEncoder().encode(list)).map { String(decoding: $0, as: UTF8.self) } ?? "[]"
    }

    static func read(_ json: String) -> [TallyCell: Int64] {
        let list = (try? JSONDecoder().decode([Cell].self, from: Data(json.utf8))) ?? []
        return list.reduce(into: [:]) { cells, cell in
            cells[TallyCell(channel: cell.channel, procedure: cell.procedure)] = cell.dossiers
        }
    }
}
