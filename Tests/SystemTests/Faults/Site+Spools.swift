import Foundation
import Spool

extension Site {
    /// Puts entries with such dossier numbers into a sender's spool, in JSON: what is on its way matters here, not what it
    /// says.
    func fill(_ sender: Int, _ numbers: ClosedRange<Int>) throws {
        let spool = try spool(sender)
        let template = Array(
            """
            {"intake":{"dossier_code":"H36.\(26 + sender)-220301-000000","received_at":"2022-03-01T09:00:00+07:00",\
            "unit":"H36.26","procedure":"1.004194","channel":"online","applicant_phone":"0912345678"}}
            """.utf8)
        // The last digit of the day and the six of the number.
        let digits = [39, 41, 42, 43, 44, 45, 46]
        let chunk = 50_000
        for first in stride(from: numbers.lowerBound, through: numbers.upperBound, by: chunk) {
            try spool.append(
                (first...min(first + chunk - 1, numbers.upperBound)).map { number in
                    var body = template
                    var rest = number + 1_000_000
                    for place in digits.reversed() {
                        body[place] = UInt8(48 + rest % 10)
                        rest /= 10
                    }
                    return SpoolDraft(body: body, contentType: 2)
                })
        }
        spool.close()
    }

    /// Receipts that a sender has.
    func receipts(_ sender: Int) throws -> Int {
        let counts = try spool(sender).counts()
        return Int(counts.accepted - counts.pending)
    }
}
