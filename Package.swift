// swift-tools-version: 6.2

import PackageDescription

/// Settings of every target: the whole of Swift 6, and no warning is let through.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// A Swift target with the house settings.
func module(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

/// A test target with the house settings.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let signals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "hoso",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "hoso", targets: ["hoso"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.6.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.1.3"),
    ],
    targets: [
        .systemLibrary(name: "CZeroMQ"),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq"),
        .systemLibrary(name: "CZlib"),
        .target(name: "CLinux"),
        module("Polling", ["CLinux", "CZeroMQ"]),
        module("ZeroMQ", ["CLinux", "CZeroMQ", "Polling"]),
        module("Postgres", ["CPostgres", "Polling"]),
        module("Systemd", ["CLinux"]),
        module("Gzip", ["CZlib"]),
        module("Dossiers"),
        // Generated from Schemas/wire; what protoc writes has not caught up with strict memory safety.
        .target(name: "WireMessages", dependencies: [protobuf], swiftSettings: [.swiftLanguageMode(.v6)]),
        module("IntakeProtocol", ["Dossiers", "Gzip", "WireMessages", crypto, protobuf]),
        module("Machines"),
        .target(
            name: "Migrations", path: "Schemas/database",
            resources: [
                .embedInCode("0001_intake.sql"), .embedInCode("0002_revisions.sql"), .embedInCode("0003_speed.sql"),
                .embedInCode("0004_members.sql"), .embedInCode("0005_grants.sql"),
                .embedInCode("0006_evidence.sql"), .embedInCode("0007_personal_data.sql"),
                .embedInCode("0008_enrolments.sql"), .embedInCode("0009_heard.sql"),
                .embedInCode("0010_periods.sql"), .embedInCode("0011_api_tokens.sql"),
                .embedInCode("privileges.sql"),
            ],
            swiftSettings: strict),
        module("Store", ["Dossiers", "Migrations", "Polling", "Postgres"]),
        module("FailPoints"),
        module("PersonalData", ["Dossiers", "IntakeProtocol", crypto]),
        module("Keys", ["IntakeProtocol", "PersonalData", "ZeroMQ", crypto]),
        module("Settings", ["Dossiers", "IntakeProtocol", "ZeroMQ", logging, yams]),
        module(
            "Observability",
            [
                "Polling", "Postgres", "Systemd", hummingbird, httpTypes, nio, nioPosix, nioHTTP, coreMetrics, logging,
                lifecycle,
            ]),
        module("Demonstration", ["Dossiers", "Machines"]),
        module("Cluster", [subprocess, system, logging]),
        module("Supervision", [subprocess, system, logging]),
        module("Mapping", ["Dossiers", "Gzip", system, yams]),
        module("Spool", ["Dossiers", "Polling", crypto, grdb, sqlite, system]),
        module(
            "Agent",
            [
                "Dossiers", "FailPoints", "IntakeProtocol", "Machines", "Mapping", "Observability", "Polling", "Spool",
                "WireMessages", "ZeroMQ", lifecycle, logging, coreMetrics, protobuf,
            ]),
        module(
            "Broker",
            [
                "IntakeProtocol", "Machines", "Observability", "Polling", "Systemd", "WireMessages", "ZeroMQ",
                lifecycle,
                logging, coreMetrics, protobuf,
            ]),
        module(
            "Worker",
            [
                "Dossiers", "FailPoints", "IntakeProtocol", "Machines", "Observability", "PersonalData", "Polling",
                "Postgres", "Store", "WireMessages", "ZeroMQ", crypto, lifecycle, logging, coreMetrics, protobuf,
            ]),
        module(
            "Surveys",
            [
                "Dossiers", "FailPoints", "IntakeProtocol", "Machines", "Observability", "PersonalData", "Polling",
                "Postgres", "Store", "WireMessages", "ZeroMQ", lifecycle, logging, coreMetrics, protobuf,
            ]),
        module(
            "Adoption",
            [
                "Dossiers", "IntakeProtocol", "Observability", "Polling", "Postgres", "Store", "ZeroMQ", lifecycle,
                logging,
                coreMetrics,
            ]),
        module("Backups", ["Polling", "Postgres", "Store", crypto, subprocess, system]),
        module(
            "Operations",
            [
                "Adoption", "Dossiers", "Gzip", "Observability", "Polling", "Postgres", "Store", crypto, hummingbird,
                httpTypes, mustache, nio, nioPosix, coreMetrics, lifecycle, logging,
            ],
            resources: [
                .embedInCode("Page/Templates/layout.mustache"), .embedInCode("Page/Templates/question.mustache"),
                .embedInCode("Page/Templates/chart.mustache"), .embedInCode("Page/Templates/rates.mustache"),
                .embedInCode("Page/Templates/adoption.mustache"), .embedInCode("Page/Templates/dossiers.mustache"),
                .embedInCode("Page/Templates/senders.mustache"), .embedInCode("Page/Templates/problem.mustache"),
                .embedInCode("Page/Assets/page.css"), .embedInCode("Page/Assets/page.js"),
                .embedInCode("Page/Assets/icon.svg"),
            ]),
        module(
            "Benchmark",
            [
                "Adoption", "Agent", "Demonstration", "Dossiers", "IntakeProtocol", "PersonalData", "Polling",
                "Postgres",
                "Settings",
                "Spool", "Store", "Supervision", "ZeroMQ", histogram, logging, subprocess, system,
            ]),
        .executableTarget(
            name: "hoso",
            dependencies: [
                "Adoption", "Agent", "Backups", "Benchmark", "Broker", "CLinux", "Cluster", "Demonstration", "Dossiers",
                "IntakeProtocol", "Keys", "Machines", "Mapping", "Observability", "Operations", "PersonalData",
                "Polling",
                "Postgres", "Settings", "Spool", "Store", "Supervision", "Surveys", "Systemd", "WireMessages", "Worker",
                "ZeroMQ", arguments, coreMetrics, lifecycle, logging, nio, nioPosix, protobuf, signals, subprocess,
                system,
            ], swiftSettings: strict),
        tests("DossiersTests", ["Dossiers", "TestSupport"]),
        tests("IntakeProtocolTests", ["Dossiers", "IntakeProtocol", "TestSupport", "WireMessages", protobuf]),
        tests("PersonalDataTests", ["Dossiers", "IntakeProtocol", "Keys", "PersonalData", "TestSupport"]),
        tests("MachinesTests", ["Machines"]),
        // The machines in a simulated world: no sockets, no files, no waiting.
        tests("SimulationTests", ["Machines"]),
        tests("SpoolTests", ["Dossiers", "IntakeProtocol", "Polling", "Spool", "TestSupport", grdb]),
        tests("MappingTests", ["Dossiers", "Mapping"]),
        tests(
            "ObservabilityTests",
            ["Dossiers", "Observability", "Operations", "Store", "Systemd", "TestSupport", coreMetrics, logging]),
        tests("OperationsTests", ["Dossiers", "Operations", "Store"]),
        tests("ClusterTests", ["Cluster", "TestSupport", logging]),
        tests("KeysTests", ["IntakeProtocol", "Keys", "TestSupport", "ZeroMQ"]),
        tests("SettingsTests", ["Dossiers", "IntakeProtocol", "Settings", "TestSupport", "ZeroMQ", logging]),
        tests("BenchmarkTests", ["Benchmark", "Dossiers", "Spool"]),
        tests("DemonstrationTests", ["Demonstration", "Dossiers"]),
        tests("PostgresTests", ["Polling", "Postgres", "Store", "TestSupport"]),
        tests("ZeroMQTests", ["Polling", "TestSupport", "ZeroMQ"]),
        tests("StoreTests", ["Adoption", "Dossiers", "IntakeProtocol", "Polling", "Postgres", "Store", "TestSupport"]),
        tests(
            "IntegrationTests",
            [
                "Agent", "Broker", "Demonstration", "Dossiers", "IntakeProtocol", "Keys", "Machines", "Mapping",
                "PersonalData", "Polling", "Postgres", "Spool", "Store", "Surveys", "TestSupport", "WireMessages",
                "Worker", "ZeroMQ",
                lifecycle,
                logging, subprocess,
            ]),
        // Runs the built program; the dependency has it built.
        tests(
            "SystemTests",
            [
                "hoso", "Benchmark", "Cluster", "Demonstration", "Dossiers", "IntakeProtocol", "Mapping",
                "Observability",
                "Postgres",
                "Spool",
                "Store", "TestSupport", "ZeroMQ", logging, subprocess, system,
            ]),
        // Builds the package and boots machines in containers, as root.
        .testTarget(
            name: "PackageTests", dependencies: ["TestSupport", subprocess, system],
            exclude: ["machines.sh", "proof.sh"], swiftSettings: strict),
        // Counted by Deploy/benchmark; no product.
        .executableTarget(
            name: "InstructionBenchmarks",
            dependencies: [
                "Demonstration", "Dossiers", "IntakeProtocol", "PersonalData", "Spool", "Store", "WireMessages",
                "Worker",
                arguments,
            ],
            path: "Tests/Benchmarks", exclude: ["baseline.json"], swiftSettings: strict),
        // What must hold of whatever is read, whoever makes up the bytes: an ordinary test, and a fuzzer for Deploy/fuzz.
        tests("FuzzTargetsTests", ["FuzzTargets", "TestSupport"]),
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Demonstration", "Dossiers", "IntakeProtocol", "Mapping", "Spool", "WireMessages", crypto, grdb,
                protobuf,
            ],
            path: "Tests/Fuzzing/Targets", swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["Cluster", "Polling", "Postgres", "Store", logging],
            path: "Tests/TestSupport", swiftSettings: strict),
    ]
)

// It links only with a fuzzer's runtime.
if Context.environment["HOSO_FUZZ"] != nil {
    package.targets.append(
        .executableTarget(
            name: "Fuzz", dependencies: ["FuzzTargets"], path: "Tests/Fuzzing/Driver", swiftSettings: strict))
}
