import Cluster
import Testing

@Suite struct MarkedBlockTests {
    private let text = "# rules\nlocal all all peer\n"

    @Test func `Our lines stand before all others, which stay as they are`() {
        let changed = MarkedBlock.put(["local hoso hoso_read peer map=hoso"], into: text)
        #expect(changed.hasSuffix("\n" + text))
        #expect(changed.split(separator: "\n")[1] == "local hoso hoso_read peer map=hoso")
        #expect(MarkedBlock.without(changed) == text)
    }

    @Test func `Put again, they take the place of the earlier ones`() {
        let once = MarkedBlock.put(["one"], into: text)
        #expect(MarkedBlock.put(["one"], into: once) == once)
        let moved = "host all all all reject\n" + once
        #expect(
            MarkedBlock.put(["two"], into: moved) == MarkedBlock.put(["two"], into: "host all all all reject\n" + text))
    }

    @Test func `A beginning without an end is somebody's own affair`() {
        let broken = String(MarkedBlock.put(["one"], into: text).split(separator: "\n")[0]) + "\nlocal all all peer\n"
        #expect(MarkedBlock.without(broken) == broken)
    }
}
