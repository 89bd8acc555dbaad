import Dossiers
package import Postgres

/// Accepted entries as columns for `unnest`; the memory is kept from batch to batch.
package struct AcceptedColumns {
    private var ordinal = Column(.int4), sender = Column(.int4), epoch = Column(.int8), sequence = Column(.int8)
    private var digest = Column(.bytes), content = Column(.bytes), code = Column(.text)
    private var receivedAt = Column(.timestamp), dueAt = Column(.timestamp)
    private var finishedAt = Column(.timestamp), returnedAt = Column(.timestamp)
    private var receivedOn = Column(.date), dueOn = Column(.date), finishedOn = Column(.date)
    private var returnedOn = Column(.date)
    private var channel = Column(.int2), returnChannel = Column(.int2), onlineLevel = Column(.int2)
    private var applicantKind = Column(.int2), status = Column(.int2), timeliness = Column(.int2)
    private var offeredOnline = Column(.boolean), unitUnverified = Column(.boolean)
    private var procedureUnverified = Column(.boolean)
    private var unit = Column(.text), procedure = Column(.text), procedureKey = Column(.text)
    private var sector = Column(.text), deskOperator = Column(.text)
    private var personal = Column(.bytes)
    private var surveyed = Column(.boolean), notBefore = Column(.timestamp), person = Column(.bytes)
    private var acceptedAt = Column(.timestamp)

    /// No columns.
    package init() {}

    /// Names of the columns, in the order of the parameters.
    static let names = """
        ordinal, sender, epoch, sequence, digest, content, code, received_at, due_at, finished_at, returned_at,
        received_on, due_on, finished_on, returned_on, channel, return_channel, online_level, applicant_kind, status,
        timeliness, offered_online, unit_unverified, procedure_unverified, unit, procedure, procedure_key, sector,
        operator, personal, surveyed, not_before, person, accepted_at
        """
    /// How many there are.
    static let count = 34
    /// `$1` to the last one.
    static let placeholders = (1...count).map { "$\($0)" }.joined(separator: ", ")

    /// Fills the columns with the entries at some indices, whose positions become their ordinals.
    package mutating func parameters(_ entries: [AcceptedEntry], _ indices: some Collection<Int>) -> Parameters {
        forEach { $0.removeAll() }
        for (place, index) in indices.enumerated() { append(entries[index], ordinal: Int32(place)) }
        var parameters = Parameters()
        forEach { parameters.append($0) }
        return parameters
    }

    private mutating func append(_ entry: AcceptedEntry, ordinal place: Int32) {
        ordinal.append(place)
        sender.append(entry.key.sender)
        epoch.append(Int64(bitPattern: entry.key.epoch))
        sequence.append(Int64(bitPattern: entry.key.sequence))
        digest.append(entry.digest.bytes)
        content.append(entry.content.bytes)
        surveyed.append(entry.isSurveyed)
        notBefore.append(microseconds: entry.notBefore.microseconds)
        person.append(entry.person)
        personal.append(entry.personal)
        acceptedAt.append(microseconds: entry.acceptedAt)
        append(entry.dossier)
    }

    private mutating func append(_ dossier: Dossier) {
        code.append(dossier.code)
        receivedAt.append(microseconds: dossier.receivedAt.microseconds)
        dueAt.append(microseconds: dossier.dueAt?.microseconds)
        finishedAt.append(microseconds: dossier.finishedAt?.microseconds)
        returnedAt.append(microseconds: dossier.returnedAt?.microseconds)
        receivedOn.append(day: dossier.receivedOn.number)
        dueOn.append(day: dossier.dueOn?.number)
        finishedOn.append(day: dossier.finishedOn?.number)
        returnedOn.append(day: dossier.returnedOn?.number)
        channel.append(dossier.channel.rawValue)
        returnChannel.append(dossier.returnChannel?.rawValue)
        onlineLevel.append(dossier.onlineLevel?.rawValue)
        applicantKind.append(dossier.applicantKind?.rawValue)
        status.append(dossier.status?.rawValue)
        timeliness.append(dossier.timeliness.rawValue)
        offeredOnline.append(dossier.isOfferedOnline)
        unitUnverified.append(dossier.isUnitUnverified)
        procedureUnverified.append(dossier.isProcedureUnverified)
        unit.append(dossier.unit)
        procedure.append(dossier.procedure)
        procedureKey.append(dossier.procedureKey)
        sector.append(dossier.sector)
        deskOperator.append(dossier.deskOperator)
    }

    private mutating func forEach(_ body: (inout Column) -> Void) {
        body(&ordinal); body(&sender); body(&epoch); body(&sequence); body(&digest); body(&content); body(&code)
        body(&receivedAt); body(&dueAt); body(&finishedAt); body(&returnedAt)
        body(&receivedOn); body(&dueOn); body(&finishedOn); body(&returnedOn)
        body(&channel); body(&returnChannel); body(&onlineLevel); body(&applicantKind); body(&status)
        body(&timeliness); body(&offeredOnline); body(&unitUnverified); body(&procedureUnverified)
        body(&unit); body(&procedure); body(&procedureKey); body(&sector); body(&deskOperator)
        body(&personal)
        body(&surveyed); body(&notBefore); body(&person); body(&acceptedAt)
    }
}
