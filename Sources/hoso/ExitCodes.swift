import Adoption
import Agent
import Backups
import Benchmark
import Broker
import Cluster
import Keys
import Mapping
import Observability
import PersonalData
import Postgres
import Settings
import Spool
import Supervision
import Worker
import ZeroMQ

/// The exit code that says what kind of failure an error is.
func exitCode(of error: any Error) -> Int32 {
    switch error {
    case let error as PostgresError:
        error.isRetriable ? 69 : error.isForOperator ? 78 : 70
    case is BrokerError: 78
    case let error as VaultError: error.code == .damaged ? 70 : 78
    case is SettingsError: 78
    case let error as WorkerError:
        switch error.code {
        case .databaseBehind, .databaseAhead, .keysDoNotFit: 78
        case .statementRefused: 70
        }
    case let error as KeyError: error.code == .exists ? 64 : 78
    case is ZeroMQError: 69
    case is MappingError: 65
    case let error as SpoolError: exitCode(of: error.code)
    case is SpoolRegression: 78
    case let error as ClusterError:
        switch error.code {
        case .unsafeFolder, .unreachableFolder: 78
        case .notInstalled, .failed, .notReady, .noServerUser: 69
        }
    case is HealthServer.Failure: 69
    case let error as BackupError:
        switch error.code {
        case .exists: 64
        case .incomplete, .damaged: 65
        case .inUse, .notInstalled, .failed: 69
        case .differs: 70
        case .newer, .notEmpty: 78
        }
    case let error as SupervisionError: error.exitCode
    case let error as BenchmarkError: error.isInternal ? 70 : 69
    default: 70
    }
}

extension PostgresError {
    /// Another cluster's figures, a schema of another version, or privileges that were never granted.
    fileprivate var isForOperator: Bool {
        code == AdoptionError.otherVersion.code || code == .refused(SQLState(rawValue: "42501"))
    }
}

private func exitCode(of code: SpoolError.Code) -> Int32 {
    switch code {
    case .foreignSender, .newerVersion: 78
    case .entryTooLarge, .corrected: 65
    case .corrupt: 70
    case .full, .busy, .inputOutput: 69
    }
}
