import CPostgres

/// The hosts of a connection string, each to be tried by itself.
///
/// libpq's non-blocking connect keeps no time limit per host: one that is dark would take the time of all.
public struct HostList: Sendable, Equatable {
    /// A host to try: the parameters that single it out; none where the string names one host or no host.
    public let choices: [[Parameter]]

    /// A connection parameter.
    public struct Parameter: Sendable, Equatable {
        /// Its keyword: `host`, `hostaddr` or `port`.
        public let keyword: String
        /// Its value.
        public let value: String
    }

    /// Reads a connection string or URI; what libpq cannot read is left for the connect to complain about.
    public init(_ url: String) {
        let values = Self.values(of: url)
        let lists = ["host", "hostaddr", "port"].map { name in
            (name, (values[name] ?? "").split(separator: ",", omittingEmptySubsequences: false).map(String.init))
        }
        let count = max(lists[0].1.count, lists[1].1.count)
        guard count > 1 else {
            choices = [[]]
            return
        }
        choices = (0..<count).map { index in
            lists.compactMap { name, list in
                // One port stands for all hosts.
                guard let value = list.count == 1 ? list.first : index < list.count ? list[index] : nil else {
                    return nil
                }
                return list.isEmpty || value.isEmpty ? nil : Parameter(keyword: name, value: value)
            }
        }
    }

    private static func values(of url: String) -> [String: String] {
        guard let options = unsafe PQconninfoParse(url, nil) else { return [:] }
        defer { unsafe PQconninfoFree(options) }
        var values: [String: String] = [:]
        var option = unsafe options
        while let keyword = unsafe option.pointee.keyword {
            if let value = unsafe option.pointee.val {
                values[unsafe String(cString: keyword)] = unsafe String(cString: value)
            }
            unsafe option += 1
        }
        return values
    }
}
