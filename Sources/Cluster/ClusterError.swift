/// The private database cluster cannot be used.
package struct ClusterError: Error, Sendable, CustomStringConvertible {
    /// What went wrong.
    package enum Code: Sendable, Equatable {
        /// PostgreSQL is not installed.
        case notInstalled
        /// A program of PostgreSQL failed.
        case failed(String)
        /// The unprivileged user cannot reach the folder.
        case unreachableFolder(String)
        /// Something that is not ours, or that others may enter, is where a private folder should be.
        case unsafeFolder(String)
        /// The server did not accept connections in time.
        case notReady
        /// Started by root, but there is no user `postgres` to run the server.
        case noServerUser
    }

    /// What went wrong.
    package let code: Code
    /// What the program or the server's log said.
    package let detail: String

    init(_ code: Code, detail: String = "") {
        self.code = code
        self.detail = detail
    }

    /// What went wrong and what to do.
    package var description: String {
        switch code {
        case .notInstalled:
            "PostgreSQL is not installed: run `apt-get install postgresql` (14 or later)"
        case .failed(let program): "\(program) failed\n\(detail)"
        case .unreachableFolder(let folder):
            "the database server runs as the user postgres, who cannot enter \(folder): choose another --data folder"
        case .unsafeFolder(let folder):
            "\(folder) is not a folder that only its owner may enter: remove it, or choose another --data folder"
        case .notReady: "the database server does not accept connections\n\(detail)"
        case .noServerUser: "the user postgres is missing: reinstall the package postgresql"
        }
    }
}
