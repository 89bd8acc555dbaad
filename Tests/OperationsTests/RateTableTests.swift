import Dossiers
@testable import Operations
import Store
import Testing

/// How rates are compared.
struct RateTableTests {
    private func row(_ code: String, _ numerator: Int64, _ denominator: Int64) -> RateTable.Row {
        RateTable.Row(code: code, name: code, dossiers: denominator, rates: [Rate(numerator, of: denominator)])
    }

    private func codes(_ rows: [RateTable.Row]) -> [String] { rows.map(\.code) }

    @Test func `Equal rates have the same rank, and the next one has one less for each of them`() {
        let table = RateTable(
            columns: [.rate],
            rows: [row("a", 1, 3), row("b", 2, 6), row("c", 9, 10), row("d", 1, 4), row("e", 0, 0)])
        #expect(table.ranks(by: .rate) == ["c": 1, "a": 2, "b": 2, "d": 4])
        #expect(codes(table.sorted(by: RateSort(.rate))) == ["c", "a", "b", "d", "e"])
        #expect(codes(table.sorted(by: RateSort(.rate, isReversed: true))) == ["d", "a", "b", "c", "e"])
    }

    @Test func `What only rounds to the same value is not the same`() {
        let table = RateTable(columns: [.rate], rows: [row("a", 3_333_333, 10_000_000), row("b", 1, 3)])
        #expect(table.ranks(by: .rate) == ["b": 1, "a": 2])
    }

    @Test func `Small cells come last in every order and have no rank`() {
        let table = RateTable(
            columns: [.rate], rows: [row("a", 4, 4), row("b", 1, 9), row("c", 5, 5), row("d", 0, 1)], minimum: 5)
        #expect(codes(table.sorted(by: RateSort(.rate))) == ["c", "b", "a", "d"])
        #expect(codes(table.sorted(by: RateSort(.total))) == ["b", "c", "a", "d"])
        #expect(codes(table.sorted(by: RateSort(.name, isReversed: true))) == ["c", "b", "a", "d"])
        #expect(table.ranks(by: .rate) == ["c": 1, "b": 2])
        #expect(table.rows.map { $0.isSmall(below: 5) } == [true, false, false, true])
        #expect(table.rows.allSatisfy { !$0.isSmall(below: nil) })
    }

    @Test func `A small denominator is small among many dossiers too`() {
        let returned = RateTable.Row(code: "a", name: "a", dossiers: 400, rates: [Rate(3, of: 4)])
        #expect(returned.isSmall(below: 5))
    }

    @Test func `Shares of channels stand side by side, and their sum is all dossiers`() {
        var (online, postal) = (Tally(), Tally())
        online.dossiers = 3
        postal.dossiers = 1
        let groups = [AdoptionQuery.Group(key: ["u"], channels: [.online: online, .postal: postal])]
        let table = RateTable(groups, metric: .shareOfAll) { "unit \($0)" }
        #expect(table.columns == [.online, .postal, .inPerson])
        #expect(table.rows[0].rates == [Rate(3, of: 4), Rate(1, of: 4), Rate(0, of: 4)])
        #expect(table.rows[0].name == "unit u" && table.rows[0].dossiers == 4)
    }

    @Test func `Orders are written in addresses and read again`() {
        for column in RateSort.Column.allCases {
            for isReversed in [true, false] {
                let sort = RateSort(column, isReversed: isReversed)
                #expect(RateSort(rawValue: sort.rawValue) == sort)
            }
        }
        #expect(RateSort(rawValue: "--total") == nil && RateSort(rawValue: "size") == nil)
    }
}
