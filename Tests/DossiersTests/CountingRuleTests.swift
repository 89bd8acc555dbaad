import Dossiers
import Testing

/// The rule of each dossier adds up to the rate.
struct CountingRuleTests {
    /// Every kind of dossier that a rate can tell from others.
    private static let kinds: [CountedFacts] = Channel.allCases.flatMap { channel in
        [false, true].flatMap { isOffered in
            [false, true].flatMap { isReturned in
                [false, true].flatMap { returnsByPost in
                    (Int16(0)...4).map { timeliness in
                        CountedFacts(
                            channel: channel, isOffered: isOffered, isReturned: isReturned,
                            returnsByPost: returnsByPost,
                            timeliness: timeliness)
                    }
                }
            }
        }
    }

    @Test(arguments: Metric.allCases) func `Rules and tallies come to the same rate`(metric: Metric) {
        // Each kind so many times that no two sums are alike by chance.
        var tallies: [Channel: Tally] = [:]
        var (numerator, denominator) = (Int64(0), Int64(0))
        for (index, facts) in Self.kinds.enumerated() {
            let count = Int64(index + 1)
            for _ in 0..<count { tallies[facts.channel, default: Tally()] += facts.tally }
            switch metric.rule(for: facts).place {
            case .numerator:
                numerator += count
                denominator += count
            case .denominator: denominator += count
            case .leftOut: break
            }
        }
        #expect(Rate(numerator, of: denominator) == metric.rate(of: tallies))
    }

    @Test func `Each rule says something of its own in both languages`() {
        for language in [Language.vietnamese, .english] {
            let sentences = CountingRule.allCases.map { $0.sentence(in: language) }
            #expect(Set(sentences).count == CountingRule.allCases.count)
        }
    }
}
