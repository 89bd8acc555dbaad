import Dossiers
import Foundation
import Mapping
import Testing

@Suite struct FixtureTests {
    /// The folder with the real event log, which is no part of this repository.
    private static let log = root.deletingLastPathComponent().appending(path: "shared/data/wabo")

    private static let root: URL = {
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while folder.path != "/", !isPackage(folder) { folder.deleteLastPathComponent() }
        return folder
    }()

    private static func isPackage(_ folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: "Tests/Fixtures/wabo.yaml").path)
    }

    private static func mapping(_ name: String) throws -> MappingFile {
        try MappingFile.load(path: root.appending(path: "Tests/Fixtures/\(name).yaml").path)
    }

    private struct Expected: Decodable {
        let cases: Int
        let channel: [String: Int]
        let department: [String: Int]
        let monthChannel: [String: [String: Int]]
    }

    @Test(
        .enabled(
            if: FileManager.default.fileExists(atPath: log.appending(path: "receipt.csv.gz").path),
            "../shared/data/wabo/receipt.csv.gz is not there"))
    func `The real log yields its dossiers by month and channel`() throws {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let data = try Data(contentsOf: Self.log.appending(path: "expected.json"))
        let expected = try decoder.decode(Expected.self, from: data)
        let submissions = try Self.submissions(ofLog: "receipt.csv.gz")
        #expect(submissions.count == expected.cases)
        #expect(Self.counts(submissions, by: \.channel) == Self.translated(expected.channel))
        #expect(Self.counts(submissions, by: \.unit) == expected.department)
        let months = Dictionary(grouping: submissions) { String($0.receivedAt.prefix(7)) }
        #expect(months.mapValues { Self.counts($0, by: \.channel) } == expected.monthChannel.mapValues(Self.translated))
        #expect(submissions.first?.receivedAt == "2011-10-11T13:42:22.688+02:00")
        #expect(submissions.allSatisfy { $0.codeGrammar == "opaque" && Instant(rfc3339: $0.receivedAt) != nil })
    }

    private static func submissions(ofLog name: String) throws -> [Submission] {
        var reader = try SubmissionReader(path: log.appending(path: name).path, mapping: mapping("wabo"))
        var submissions: [Submission] = []
        while let row = try reader.next() { submissions.append(try #require(row.submission)) }
        return submissions
    }

    private static func counts(_ submissions: [Submission], by text: (Submission) -> String) -> [String: Int] {
        Dictionary(grouping: submissions, by: text).mapValues(\.count)
    }

    private static func translated(_ counts: [String: Int]) -> [String: Int] {
        let table = ["Internet": "online", "Desk": "in_person", "Post": "postal", "e-mail": "online"]
        return Dictionary(counts.map { (table[$0.key] ?? $0.key, $0.value) }, uniquingKeysWith: +)
    }

    @Test func `The example for the national exchange reads its rows`() throws {
        let text = """
            MaHoSo,MaTTHC,MaLinhVuc,KenhThucHien,HinhThuc,ChuHoSo,SoGiayToChuHoSo,LoaiDoiTuong,NgayTiepNhan,\
            NgayHenTra,NgayKetThucXuLy,NgayTra,TrangThaiHoSo,DonViXuLy
            H36.14-220301-0001,1.004194,TP,3,1,Test,000000000001,1,20220301090000,20220311,,,4,H36.14
            """
        let row = try SourceText(Array(text.utf8), try Self.mapping("dvcqg")).rows().first
        let submission = try #require(row?.submission)
        #expect(submission.channel == "postal")
        #expect(submission.returnChannel == "postal")
        #expect(submission.applicantKind == "citizen")
        #expect(submission.receivedAt == "2022-03-01T09:00:00+07:00")
        #expect(submission.dueAt == "2022-03-11T00:00:00+07:00")
        #expect(submission.finishedAt == "")
    }

    @Test func `The example for iGate reads nested records`() throws {
        let text =
            #"{"code":"H36.14-220301-0001","procedure":{"code":"1.004194","sector":"TP"},"#
            + #""acceptedDate":"2022-03-01T09:00:00.000+0700","applicant":{"data":{"identityNumber":"1"}},"#
            + #""dossierStatus":2,"applyMethod":"online"}"#
        let row = try SourceText(Array(text.utf8), try Self.mapping("igate")).rows().first
        let submission = try #require(row?.submission)
        #expect(submission.procedure == "1.004194")
        #expect(submission.sector == "TP")
        #expect(submission.receivedAt == "2022-03-01T09:00:00+07:00")
        #expect(submission.applicantID == "1")
        #expect(submission.status == "2")
        #expect(submission.channel == "online")
        #expect(submission.deskOperator == "agency")
    }
}
