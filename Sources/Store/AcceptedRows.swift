import Dossiers
package import Postgres

/// New dossiers as rows for COPY: what ``BatchSQL/accepted`` writes when every one of them is new.
///
/// The memory is kept from batch to batch.
package struct AcceptedRows {
    private var dossiers = CopyRows(), ledger = CopyRows(), tasks = CopyRows()

    /// No rows.
    package init() {}

    /// The rows of some entries.
    ///
    /// They are in the order of the codes: two transactions with the same dossiers wait for each other at the first of them.
    package mutating func tables(_ entries: [AcceptedEntry], _ indices: Range<Int>) -> [CopiedTable] {
        dossiers.removeAll()
        ledger.removeAll()
        tasks.removeAll()
        for index in indices.sorted(by: { entries[$0].dossier.code < entries[$1].dossier.code }) {
            append(entries[index])
        }
        var tables = [
            CopiedTable("hoso.dossier (\(BatchSQL.dossierColumns))", dossiers),
            CopiedTable("hoso.intake (\(Self.ledgerColumns))", ledger),
        ]
        if tasks.count > 0 { tables.append(CopiedTable("hoso.survey_task (dossier, not_before)", tasks)) }
        return tables
    }

    private static let ledgerColumns = """
        sender, epoch, sequence, digest, outcome, delta, dossier, received_on, channel, return_channel, timeliness,
        offered_online, returned, unit, procedure, sector, operator, accepted_at
        """

    private mutating func append(_ entry: AcceptedEntry) {
        appendDossier(entry)
        appendLedger(entry)
        guard entry.isSurveyed else { return }
        tasks.beginRow(columns: 2)
        tasks.append(entry.dossier.code)
        tasks.append(microseconds: entry.notBefore.microseconds)
    }

    private mutating func appendDossier(_ entry: AcceptedEntry) {
        let dossier = entry.dossier
        dossiers.beginRow(columns: 26)
        dossiers.append(dossier.code)
        entry.content.withSpan { dossiers.append($0) }
        dossiers.append(microseconds: dossier.receivedAt.microseconds)
        dossiers.append(microseconds: dossier.dueAt?.microseconds)
        dossiers.append(microseconds: dossier.finishedAt?.microseconds)
        dossiers.append(microseconds: dossier.returnedAt?.microseconds)
        dossiers.append(day: dossier.receivedOn.number)
        dossiers.append(day: dossier.dueOn?.number)
        dossiers.append(day: dossier.finishedOn?.number)
        dossiers.append(day: dossier.returnedOn?.number)
        dossiers.append(dossier.channel.rawValue)
        dossiers.append(dossier.returnChannel?.rawValue)
        dossiers.append(dossier.onlineLevel?.rawValue)
        dossiers.append(dossier.applicantKind?.rawValue)
        dossiers.append(dossier.status?.rawValue)
        dossiers.append(dossier.isOfferedOnline)
        dossiers.append(dossier.isUnitUnverified)
        dossiers.append(dossier.isProcedureUnverified)
        dossiers.append(dossier.unit)
        dossiers.append(dossier.procedure)
        dossiers.append(dossier.sector)
        dossiers.append(dossier.deskOperator)
        dossiers.append(entry.personal)
        Self.append(entry.key, to: &dossiers)
    }

    private mutating func appendLedger(_ entry: AcceptedEntry) {
        let dossier = entry.dossier
        ledger.beginRow(columns: 18)
        Self.append(entry.key, to: &ledger)
        entry.digest.withSpan { ledger.append($0) }
        ledger.append(StoredOutcome.stored.rawValue)
        ledger.append(Int16(1))
        ledger.append(dossier.code)
        ledger.append(day: dossier.receivedOn.number)
        ledger.append(dossier.channel.rawValue)
        ledger.append(dossier.returnChannel?.rawValue)
        ledger.append(dossier.timeliness.rawValue)
        ledger.append(dossier.isOfferedOnline)
        ledger.append(dossier.returnedOn != nil)
        ledger.append(dossier.unit)
        ledger.append(dossier.procedureKey)
        ledger.append(dossier.sector)
        ledger.append(dossier.deskOperator)
        ledger.append(microseconds: entry.acceptedAt)
    }

    private static func append(_ key: EntryKey, to rows: inout CopyRows) {
        rows.append(key.sender)
        rows.append(Int64(bitPattern: key.epoch))
        rows.append(Int64(bitPattern: key.sequence))
    }
}
