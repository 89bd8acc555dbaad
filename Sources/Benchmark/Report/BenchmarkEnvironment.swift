/// The machine, the programs and the settings under which figures were measured.
package struct BenchmarkEnvironment: Codable, Sendable, Equatable {
    /// Model of the processor.
    package let processor: String
    /// Processors that this process may use.
    package let cores: Int
    /// Bytes of memory.
    package let memoryBytes: Int
    /// Processes that ran or waited for a processor in the minute before: what else the machine had to do.
    package let loadAtStart: Double
    /// Release of the kernel.
    package let kernel: String
    /// The toolchain.
    package let swift: String
    /// `release`, or `debug`, whose figures mean little.
    package let build: String
    /// Version of hoso.
    package let hoso: String
    /// Its commit, or `unknown`.
    package let commit: String
    /// Version of PostgreSQL.
    package let postgresql: String
    /// PostgreSQL's settings of durability.
    package let durability: [String: String]
    /// Version of libzmq.
    package let libzmq: String
    /// When the run began, in seconds since 1970.
    package let startedAt: Int64
}
