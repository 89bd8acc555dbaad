import Testing

@testable import Benchmark

@Suite struct ProcessTests {
    private static let status = "Name:\tpostgres\nVmHWM:\t   25600 kB\nVmRSS:\t   20480 kB\n"

    private func stat(_ name: String, user: Int, system: Int, children: Int = 0) -> String {
        "77 (\(name)) S 42 77 77 0 -1 4194560 100 0 0 0 \(user) \(system) \(children) 0 20 0 1 0 100 0 0"
    }

    @Test func `What the kernel says of a process is read, whatever the process calls itself`() throws {
        let text = stat("a) R (b", user: 150, system: 50, children: 7)
        let status = try #require(ProcessStatus(stat: text, status: Self.status, ticksPerSecond: 100))
        #expect(status.parent == 42)
        #expect(status.microseconds == 2_000_000)
        #expect(status.childMicroseconds == 70_000)
        #expect(status.residentBytes == 20_480 * 1_024)
        #expect(status.peakBytes == 25_600 * 1_024)
        #expect(ProcessStatus(stat: "nonsense", status: "", ticksPerSecond: 100) == nil)
    }

    @Test func `A process that was there before costs what it took since, a new one all that it took`() throws {
        func member(_ name: String, _ isOwn: Bool, user: Int, children: Int = 0) throws -> ProcessCensus.Member {
            let text = stat("x", user: user, system: 0, children: children)
            let status = try #require(ProcessStatus(stat: text, status: Self.status, ticksPerSecond: 100))
            return ProcessCensus.Member(name: name, isOwn: isOwn, status: status)
        }
        let start = ProcessCensus(
            members: [
                1: try member("hoso worker", true, user: 10),
                3: try member(ProcessCensus.postmaster, false, user: 0, children: 5),
            ], logPosition: 1_000)
        let end = ProcessCensus(
            members: [
                1: try member("hoso worker", true, user: 30), 2: try member("hoso agent", true, user: 10),
                3: try member(ProcessCensus.postmaster, false, user: 1, children: 9),
            ], logPosition: 501_000)
        let figures = CostFigures(from: start, to: end, dossiers: 1_000)
        #expect(figures.ownMicroseconds == 300)
        #expect(figures.databaseMicroseconds == 50)
        #expect(figures.logBytesPerDossier == 500)
        #expect(figures.largestOwnPeak == 25_600 * 1_024)
        #expect(figures.processes.map(\.name).prefix(2) == ["hoso agent", "hoso worker"])
    }

    @Test func `The processor is named as the kernel names it`() {
        #expect(Machine.value(of: "model name", in: "a : b\nmodel name\t: Some: CPU\n") == "Some: CPU")
        #expect(Machine.value(of: "model name", in: "") == nil)
    }
}
