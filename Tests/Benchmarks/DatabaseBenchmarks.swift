import Store

extension InstructionBenchmark {
    /// How a worker writes dossiers for PostgreSQL.
    static var database: [InstructionBenchmark] { [rows, columns] }

    private static let rows = InstructionBenchmark(name: "database: rows for COPY", dossiers: Sample.size) { _ in
        let entries = try Sample.accepted()
        var rows = AcceptedRows()
        return { _ in rows.tables(entries, entries.indices).count }
    }

    private static let columns = InstructionBenchmark(name: "database: arrays", dossiers: Sample.size) { _ in
        let entries = try Sample.accepted()
        var columns = AcceptedColumns()
        return { _ in
            _ = columns.parameters(entries, entries.indices)
            return entries.count
        }
    }
}
