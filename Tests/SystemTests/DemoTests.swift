import Foundation
import TestSupport
import Testing

@Suite(.takingTurns) struct DemoTests {
    @Test func `The demo arrives whole, agrees with what was sent, and leaves with 0`() async throws {
        let folder = try TemporaryFolder()
        let outcome = try await Program.run([
            "up", "--demo", "--once", "--port", "0", "--page", "0", "--data", folder.path + "/data",
        ])
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.contains("✓ Every figure agrees with what was sent."))
        #expect(outcome.output.contains("2022-12"))
        #expect(outcome.output.contains("The channel is not one of in person, online and postal."))
        #expect(outcome.output.contains("Survey tasks: "))
    }

    @Test func `The demo speaks Vietnamese too, and refuses a folder that is in use`() async throws {
        let folder = try TemporaryFolder()
        let arguments = ["up", "--demo", "--once", "--port", "0", "--page", "0", "--data", folder.path + "/data"]
        let outcome = try await Program.run(arguments, environment: ["LANG": "vi_VN.UTF-8", "LC_ALL": "vi_VN.UTF-8"])
        #expect(outcome.status == 0, "\(outcome.error)")
        #expect(outcome.output.contains("✓ Mọi số liệu khớp với dữ liệu đã gửi."))
        let again = try await Program.run(arguments)
        #expect(again.status == 78)
        #expect(again.error.contains("holds dossiers already"))
    }

    @Test(arguments: [true, false])
    func `Ctrl-C in the middle of the demo ends it in order`(isOnce: Bool) async throws {
        // Contacts that may not be used yet keep the demo from its end, however fast it is.
        let waiting = ["HOSO_SURVEY_MINIMUM_CONTACT_AGE_HOURS": "87600"]
        let status = try await Office.open(isOnce ? ["--demo", "--once"] : ["--demo"], environment: waiting) { office in
            kill(office.process, SIGINT)
            try await office.until("it has ended") { !Office.isAlive(office.process) }
            #expect(office.log.hasSuffix("Stopping …\nStopped.\n"), "\(office.log)")
        }
        #expect(status == (isOnce ? 1 : 0))
    }

    @Test func `A figure that does not agree makes it leave with 1`() async throws {
        let folder = try TemporaryFolder()
        // A stricter centre than the one that the demo expects: its made-up units are not in the catalogue.
        let outcome = try await Program.run(
            ["up", "--demo", "--once", "--port", "0", "--page", "0", "--data", folder.path + "/data"],
            environment: ["HOSO_SURVEY_CHANNELS": "online", "HOSO_TIME_ZONE": "America/New_York"])
        #expect(outcome.status == 1, "\(outcome.output)")
        #expect(outcome.error.contains("✗"))
    }
}
