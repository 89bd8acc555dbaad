@testable import Operations
import Store
import Testing

/// Where the lines of charts run.
struct LineDrawingTests {
    @Test(arguments: [LineDrawing.Sheet.wide, .narrow])
    func `Everything lies on the sheet, what is earlier to the left and what is more above`(sheet: LineDrawing.Sheet) {
        let drawing = LineDrawing(sheet, places: 12, highest: 0.9)
        let across = (0..<12).map(drawing.x)
        #expect(across == across.sorted() && across[0] > 0 && across[11] < sheet.width)
        let up = [0, 0.25, 1].map(drawing.y)
        #expect(up == up.sorted(by: >) && up[2] >= 0 && up[0] < sheet.height)
    }

    @Test func `A line breaks off where there is no data, and one point alone has a mark`() {
        let drawing = LineDrawing(.narrow, places: 4, highest: 1)
        let path = drawing.path([0.5, nil, 0.5, 0.25])
        #expect(path.filter { $0 == "M" }.count == 2 && path.filter { $0 == "L" }.count == 1)
        #expect(drawing.path([nil, nil]).isEmpty)
        let crowded = LineDrawing(.narrow, places: 60, highest: 1)
        var shares = [Double?](repeating: 0.5, count: 60)
        #expect(crowded.marks(shares, .circle).isEmpty)
        shares[1] = nil
        #expect(crowded.marks(shares, .circle).filter { $0 == "M" }.count == 1)
    }

    @Test(arguments: [(0.0, 5), (0.05, 5), (0.0501, 10), (0.2, 20), (0.31, 50), (0.5, 50), (0.51, 100), (1, 100)])
    func `The axis begins at nothing and ends where the highest value has room`(highest: Double, ceiling: Int) {
        let drawing = LineDrawing(.wide, places: 2, highest: highest)
        #expect(drawing.ceiling == ceiling)
        #expect(drawing.grid.first == 0 && drawing.grid.last == ceiling)
        #expect(drawing.y(highest) >= LineDrawing.top)
    }

    @Test func `The last place is always named, and no more than there is room for`() {
        for places in 1...200 {
            let drawing = LineDrawing(.narrow, places: places, highest: 1)
            #expect(drawing.ticks.last == places - 1)
            #expect(drawing.ticks.count <= LineDrawing.Sheet.narrow.ticks)
        }
    }

    @Test func `One place alone stands in the middle`() {
        let drawing = LineDrawing(.wide, places: 1, highest: 1)
        #expect(drawing.x(0) > 400 && drawing.x(0) < 680)
    }

    @Test func `Coordinates are written to a tenth`() {
        #expect([3, 3.14, -0.25, 10.96].map(LineDrawing.text) == ["3", "3.1", "-0.3", "11"])
    }
}
