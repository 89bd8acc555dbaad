/// Lets one line per second and cause through, so that a flood of what goes wrong does not fill the log.
package struct LogLimiter: Sendable {
    private var causes: [String: (until: Moment, withheld: Int)] = [:]

    /// A limiter that has let nothing through yet.
    package init() {}

    /// How many lines of a cause have been withheld since the last one; `nil` when this one is to be withheld too.
    package mutating func pass(_ cause: String, at now: Moment) -> Int? {
        if let known = causes[cause], known.until > now {
            causes[cause]?.withheld += 1
            return nil
        }
        let withheld = causes[cause]?.withheld ?? 0
        causes[cause] = (now.advanced(by: .seconds(1)), 0)
        return withheld
    }
}
