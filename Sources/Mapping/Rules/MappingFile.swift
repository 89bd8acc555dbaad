import Dossiers
import Foundation

/// How a foreign file becomes submissions, as a mapping file in YAML says it.
package struct MappingFile: Sendable {
    /// The most bytes that a mapping file may have.
    private static let largestFile = 1 << 20

    /// The name by which errors call the file.
    package let name: String
    let format: SourceFormat
    /// Where clocks stood that wrote timestamps without an offset.
    let zone: LocalZone?
    /// How the source writes timestamps; nil where they pass as they stand.
    let timestamps: TimestampFormat?
    /// `vn`, `opaque`, or empty where the file says nothing.
    let codeGrammar: String
    /// The column that tells dossiers apart where several rows make one.
    let key: MappedColumn?
    /// The column that names the entry which a row corrects, where the file has corrections.
    let corrects: MappedColumn?
    /// Columns that may be there and say nothing about the dossier.
    let remarks: [MappedColumn]
    let fields: [FieldRule]

    /// Reads a mapping file.
    /// - Throws: ``MappingError`` with every problem of the file.
    package static func load(path: String) throws(MappingError) -> MappingFile {
        let yaml: String
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            guard data.count <= largestFile, let text = String(validating: data, as: UTF8.self) else {
                throw MappingError(.encodingUnsupported, file: path)
            }
            yaml = text
        } catch let error as MappingError {
            throw error
        } catch {
            throw MappingError(.fileUnreadable, file: path, cause: SourceFile.reason(of: error))
        }
        return try MappingFile(yaml: yaml, name: path)
    }

    /// Understands the text of a mapping file.
    /// - Parameter name: the name by which errors call it.
    /// - Throws: ``MappingError`` with every problem of the text.
    package init(yaml: String, name: String) throws(MappingError) {
        var document = MappingDocument()
        let file = document.mapping(from: yaml, name: name)
        guard let file, document.problems.isEmpty else {
            let problems = document.problems.sorted { $0.line ?? .max < $1.line ?? .max }
            throw MappingError(.mappingInvalid, file: name, problems: problems)
        }
        self = file
    }

    init(
        name: String, format: SourceFormat, zone: LocalZone?, timestamps: TimestampFormat?, codeGrammar: String,
        key: MappedColumn?, corrects: MappedColumn?, remarks: [MappedColumn] = [], fields: [FieldRule]
    ) {
        self.name = name
        self.format = format
        self.zone = zone
        self.timestamps = timestamps
        self.codeGrammar = codeGrammar
        self.key = key
        self.corrects = corrects
        self.remarks = remarks
        self.fields = fields
    }

    /// The mapping of hoso's own NDJSON: each line an object whose keys are those of ``Field``, `corrects` and
    /// `reasons` (which is passed over), and no others.
    package static let native = MappingFile(
        name: "native", format: .native, zone: nil, timestamps: nil, codeGrammar: "", key: nil,
        corrects: MappedColumn(name: "corrects", line: nil), remarks: [MappedColumn(name: "reasons", line: nil)],
        fields: Field.allCases.map { field in
            FieldRule(field: field, source: .column(MappedColumn(name: field.rawValue, line: nil), values: [:]))
        })

    /// What names of files with refused dossiers end in.
    package static let correctionsSuffix = ".rejected.ndjson"

    /// The mapping of a file: for one of refused dossiers ``native``, whatever the others are.
    package func serving(_ path: String) -> MappingFile {
        path.hasSuffix(Self.correctionsSuffix) ? .native : self
    }

    /// Every column that the mapping reads, each once.
    var columns: [MappedColumn] {
        var seen: Set<String> = []
        let all = [key, corrects].compactMap(\.self) + remarks + fields.compactMap(\.column)
        return all.filter { seen.insert($0.name).inserted }
    }
}
