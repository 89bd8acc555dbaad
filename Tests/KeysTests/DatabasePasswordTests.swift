import Foundation
import Keys
import Testing

@Suite struct DatabasePasswordTests {
    @Test func `What the database is told of a password is the verifier of RFC 7677's example`() throws {
        let salt = try #require(Data(base64Encoded: "W22ZaJ0SNY7soEsUEjb6gQ=="))
        #expect(
            DatabasePassword("pencil").verifier(salt: Array(salt)) == "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=="
                + "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")
    }

    @Test func `No two passwords are alike`() {
        #expect(DatabasePassword().text != DatabasePassword().text)
        #expect(DatabasePassword().text.count == 48)
    }
}
