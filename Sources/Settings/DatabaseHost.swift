import Foundation

/// Where a connection string of libpq leads, as far as it matters whether others are between.
struct DatabaseHost {
    /// The hosts that it names; none for the socket of this machine.
    let hosts: [String]
    /// How the server has to prove who it is, if the string says so.
    let sslMode: String?
    private let leadsElsewhere: Bool

    /// Reads a connection string: a URI, or words and values.
    init(_ text: String) {
        var words: [String: String] = [:]
        var hosts: [String] = []
        if let scheme = text.firstRange(of: "://"), text.hasPrefix("postgres") {
            let rest = text[scheme.upperBound...]
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            let places = authority[
                (authority.lastIndex(of: "@").map { authority.index(after: $0) } ?? rest.startIndex)...]
            hosts = places.split(separator: ",").map { Self.withoutPort($0) }
            let query = rest.firstIndex(of: "?").map { rest[rest.index(after: $0)...] } ?? ""
            for pair in query.split(separator: "&") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                if parts.count == 2 { words[String(parts[0])] = String(parts[1]).removingPercentEncoding }
            }
        } else {
            words = Self.words(text)
        }
        for name in ["host", "hostaddr"] { hosts += (words[name] ?? "").split(separator: ",").map(String.init) }
        self.hosts = hosts.map { $0.removingPercentEncoding ?? $0 }
        sslMode = words["sslmode"]
        leadsElsewhere =
            words["service"] != nil || words["dbname"].map { $0.contains("=") || $0.contains("://") } ?? false
    }

    /// Whether somebody else's network may be between.
    var isRemote: Bool {
        // A service file, or a connection string within the string, may lead anywhere.
        leadsElsewhere
            || hosts.contains { host in
                !(host.isEmpty || host.hasPrefix("/") || host.hasPrefix("@") || host == "localhost" || host == "::1"
                    || host.wholeMatch(of: #/127(\.\d{1,3}){3}/#) != nil)
            }
    }

    private static func withoutPort(_ place: Substring) -> String {
        if place.hasPrefix("["), let end = place.firstIndex(of: "]") {
            return String(place[place.index(after: place.startIndex)..<end])
        }
        return String(place.prefix { $0 != ":" })
    }

    /// `name = value` pairs; a value may stand in single quotes, with backslashes before what would end it.
    private static func words(_ text: String) -> [String: String] {
        var words: [String: String] = [:]
        var rest = text[...]
        while true {
            rest = rest.drop { $0.isWhitespace }
            guard let sign = rest.firstIndex(of: "=") else { return words }
            let name = rest[..<sign].filter { !$0.isWhitespace }
            rest = rest[rest.index(after: sign)...].drop { $0.isWhitespace }
            let isQuoted = rest.first == "'"
            if isQuoted { rest.removeFirst() }
            var value = ""
            while let character = rest.popFirst(), isQuoted ? character != "'" : !character.isWhitespace {
                value.append(character == "\\" ? rest.popFirst() ?? "\\" : character)
            }
            words[name] = value
        }
    }
}
