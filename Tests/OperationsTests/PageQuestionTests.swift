import Dossiers
@testable import Operations
import Store
import Testing

/// Addresses of pages.
struct PageQuestionTests {
    @Test func `What is asked for is in the address, and what is as ever is not`() throws {
        #expect(PageQuestion().link("/") == "/")
        let question = PageQuestion().with {
            $0.language = .english
            $0.metric = .onTime
            $0.period = .days
            $0.from = Day(year: 2022, month: 1, day: 5)
            $0.through = Day(year: 2022, month: 2, day: 1)
            $0.unit = ""
            $0.procedure = "1.004194 & <b>"
            $0.sort = RateSort(.rate, isReversed: true)
            $0.showsAll = true
            $0.after = PageQuestion.Cursor(day: Day(number: 19_000), code: "03706/2026,07906")
        }
        let link = question.link("/dossiers")
        #expect(
            link.hasPrefix("/dossiers?lang=en&metric=on_time&period=days&from=2022-01-05&through=2022-02-01&unit=-&"))
        #expect(!link.contains("<") && !link.contains(" "))
        #expect(try PageQuestion(query: String(link.dropFirst("/dossiers?".count))) == question)
    }

    @Test func `An empty field of a form asks for nothing`() throws {
        let question = try PageQuestion(query: "metric=share_of_all&unit=&period=latest&from=&through=")
        #expect(question == PageQuestion())
        #expect(try PageQuestion(query: "unit=H36%2E31+x&utm=1").unit == "H36.31 x")
        #expect(try PageQuestion(query: nil) == PageQuestion())
    }

    @Test(arguments: [
        "metric=all", "period=week", "from=2022-02-30", "lang=fr", "sort=size", "channel=4", "after=x", "unit=%zz",
    ])
    func `What is not known is refused, not guessed`(query: String) {
        #expect(throws: PageQuestion.Refusal.self) { try PageQuestion(query: query) }
    }

    @Test func `The last day does not lie before the first`() throws {
        #expect(throws: PageQuestion.Refusal.reversedDays) {
            try PageQuestion(query: "period=days&from=2022-02-02&through=2022-02-01")
        }
        #expect(try PageQuestion(query: "period=days&from=2022-02-01&through=2022-02-01").through != nil)
    }

    @Test func `No page is about one procedure in one unit, whose dossiers may be too few`() throws {
        let asked = try PageQuestion(query: "unit=u&procedure=p")
        for subject in [AdoptionPage.Subject.everything, .unit("v"), .procedure("q")] {
            let question = AdoptionPage.question(asked, about: subject)
            #expect(question.unit == nil || question.procedure == nil)
        }
        #expect(AdoptionPage.question(asked, about: .unit("v")).unit == "v")
        #expect(AdoptionPage.question(asked, about: .procedure("q")).procedure == "q")
    }

    @Test func `Pages of units and procedures have addresses, also those without a code`() {
        #expect(AdoptionPage.Subject.unit("H36.31.01").path == "/units/H36.31.01")
        #expect(AdoptionPage.Subject.unit("").path == "/units/-")
        #expect(AdoptionPage.Subject.procedure("a/b?").path == "/procedures/a%2Fb%3F")
        #expect(PageQuestion.code(PageQuestion.written("")).isEmpty)
    }
}
