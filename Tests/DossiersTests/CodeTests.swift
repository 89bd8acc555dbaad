import Dossiers
import Testing

@Suite struct CodeTests {
    @Test(arguments: [
        "000.17.22.H56-210531-0001", "H56.14-240823-0001", "H36-220101-0001", "H36.26.4-220228-999999999999",
        "H36.26-260125-AB0001", "Y99-240229-0010",
    ])
    func `National dossier codes in both agency forms are accepted`(code: String) {
        #expect(DossierCode.fault(in: code, grammar: .vn) == nil)
    }

    @Test(arguments: [
        ("H36.26-220229-0001", FaultCode.dossierCodeDateImpossible),
        ("H36.26-221301-0001", .dossierCodeDateImpossible),
        ("H36.26-220101-0000", .dossierCodeMalformed),
        ("H36.26-220101-001", .dossierCodeMalformed),
        ("H36.26-220101-1234567890123", .dossierCodeMalformed),
        ("H36.26-220101-A0001", .dossierCodeMalformed),
        ("Z36.26-220101-0001", .dossierCodeMalformed),
        ("H36..26-220101-0001", .dossierCodeMalformed),
        ("h36.26-220101-0001", .dossierCodeMalformed),
        ("H36.26-220101", .dossierCodeMalformed),
        ("H36.26-220101-0001-1", .dossierCodeMalformed),
        ("", .dossierCodeMalformed),
        ("H36.26-220101-0001" + String(repeating: "9", count: 40), .tooLong),
    ])
    func `A malformed national code has a fault`(code: String, fault: FaultCode) {
        #expect(DossierCode.fault(in: code, grammar: .vn) == fault)
    }

    @Test func `An opaque code may be anything that is not blank at its ends`() {
        #expect(DossierCode.fault(in: "03706/2026/07906", grammar: .opaque) == nil)
        #expect(DossierCode.fault(in: "case-10011", grammar: .opaque) == nil)
        #expect(DossierCode.fault(in: " case", grammar: .opaque) == .dossierCodeMalformed)
        #expect(DossierCode.fault(in: String(repeating: "x", count: 51), grammar: .opaque) == .tooLong)
    }

    @Test(arguments: [
        ("1.004194", "1.004194"), ("1.012796.H36", "1.012796"), ("1.004616.000.00.00.H56", "1.004616"),
    ])
    func `Procedures are joined on the first two parts of their codes`(code: String, key: String) {
        #expect(ProcedureCode.key(of: code).map(String.init) == key)
    }

    @Test(arguments: ["1004194", "1.00419", "1.0041945", "1.004194 ", "1.004194.h36", "", "é.004194"])
    func `A malformed procedure code has no key`(code: String) {
        #expect(ProcedureCode.key(of: code) == nil)
    }

    @Test func `The check digit of a tax code is the one of the law`() {
        // Weighted sum 158, 158 mod 11 = 4, 10 − 4 = 6.
        #expect(TaxCode.normalised("0100047516") == "0100047516")
        #expect(TaxCode.normalised("0100047516-001") == "0100047516001")
        for digit in 0...9 where digit != 6 { #expect(TaxCode.normalised("010004751\(digit)") == nil) }
        #expect(TaxCode.normalised("001099012345") == "001099012345")
        #expect(TaxCode.normalised("01000475") == nil)
    }

    @Test func `A check digit of 10 means that there is no such tax code`() {
        // 31·0 + … + 3·0 = 0, so the check digit would be 10.
        for digit in 0...9 { #expect(TaxCode.normalised("000000000\(digit)") == nil) }
    }

    @Test func `A personal id has 12 or 9 digits, and placeholders are known`() {
        #expect(PersonalIdentifier.normalised("001 099 012 345") == "001099012345")
        #expect(PersonalIdentifier.normalised("250123456") == "250123456")
        #expect(PersonalIdentifier.normalised("25012345") == nil)
        #expect(PersonalIdentifier.normalised("25012345x") == nil)
        for filler in ["000000001", "111111111", "123456789", "000000000000"] {
            #expect(PersonalIdentifier.isPlaceholder(filler))
        }
        #expect(!PersonalIdentifier.isPlaceholder("001099012345"))
    }

    @Test(arguments: [
        ("0912345678", "+84912345678"), ("+84 912.345.678", "+84912345678"), ("84912345678", "+84912345678"),
        ("02633850000", "+842633850000"), ("0335-123-456", "+84335123456"),
    ])
    func `Phone numbers become E 164`(text: String, number: String) {
        #expect(PhoneNumber.normalised(text) == number)
    }

    @Test(arguments: ["091234567", "0412345678", "0612345678", "09123456789", "+1 202 555 0100", "", "0263385000"])
    func `What is no Vietnamese phone number is refused`(text: String) {
        #expect(PhoneNumber.normalised(text) == nil)
    }
}
