import Crypto
import Foundation
import GRDB

/// The tables of a spool.
enum SpoolSchema {
    static let version = 3

    static let sql = """
        CREATE TABLE meta (
            only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
            version INTEGER NOT NULL, sender TEXT NOT NULL, epoch INTEGER NOT NULL,
            head INTEGER NOT NULL, head_digest BLOB NOT NULL,
            stored INTEGER NOT NULL DEFAULT 0, duplicate INTEGER NOT NULL DEFAULT 0,
            rejected INTEGER NOT NULL DEFAULT 0, conflict INTEGER NOT NULL DEFAULT 0,
            damaged INTEGER NOT NULL DEFAULT 0
        );
        CREATE TABLE source (
            id INTEGER PRIMARY KEY, path TEXT NOT NULL, accepted INTEGER NOT NULL DEFAULT 0,
            stored INTEGER NOT NULL DEFAULT 0, duplicate INTEGER NOT NULL DEFAULT 0,
            rejected INTEGER NOT NULL DEFAULT 0, conflict INTEGER NOT NULL DEFAULT 0,
            damaged INTEGER NOT NULL DEFAULT 0,
            inode INTEGER NOT NULL, size INTEGER NOT NULL, modified INTEGER NOT NULL,
            rows INTEGER NOT NULL DEFAULT 0, is_read INTEGER NOT NULL DEFAULT 0,
            is_settled INTEGER NOT NULL DEFAULT 0, place TEXT
        );
        CREATE INDEX source_path ON source (path);
        CREATE TABLE unreadable (
            source INTEGER NOT NULL, line INTEGER NOT NULL, reasons BLOB NOT NULL, PRIMARY KEY (source, line)
        );
        CREATE TABLE entry (
            number INTEGER PRIMARY KEY, content_type INTEGER NOT NULL, previous BLOB NOT NULL, digest BLOB NOT NULL,
            body BLOB NOT NULL, source INTEGER, line INTEGER, accepted_at INTEGER NOT NULL,
            waits INTEGER NOT NULL DEFAULT 0
        );
        CREATE TABLE rejected (
            number INTEGER PRIMARY KEY, outcome INTEGER NOT NULL, reasons BLOB NOT NULL,
            content_type INTEGER NOT NULL, body BLOB NOT NULL, source INTEGER, line INTEGER, corrected_by INTEGER
        );
        CREATE INDEX rejected_source ON rejected (source);
        CREATE TABLE damaged (number INTEGER PRIMARY KEY, body BLOB NOT NULL, source INTEGER, line INTEGER);
        CREATE TABLE receipt (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, outcome INTEGER NOT NULL);
        \(closing)
        \(proof)
        """

    /// What is counted for the next manifest, and the manifests that were made.
    private static let closing = """
        CREATE TABLE tally (
            channel TEXT NOT NULL, procedure TEXT NOT NULL, dossiers INTEGER NOT NULL, PRIMARY KEY (channel, procedure)
        );
        CREATE TABLE closing (
            only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
            covered INTEGER NOT NULL, since INTEGER
        );
        INSERT INTO closing SELECT 1, head, NULL FROM (SELECT 0 AS head UNION ALL SELECT head FROM meta)
            ORDER BY head DESC LIMIT 1;
        CREATE TABLE manifest (
            number INTEGER PRIMARY KEY, day TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
            dossiers INTEGER NOT NULL, outcome INTEGER, reasons BLOB
        );
        """

    /// Brings a spool of version 1 up to date; what it has accepted so far is in no manifest.
    static let second = """
        ALTER TABLE entry ADD COLUMN waits INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE rejected ADD COLUMN corrected_by INTEGER;
        ALTER TABLE source ADD COLUMN place TEXT;
        \(closing)
        UPDATE meta SET version = 2;
        """

    /// Brings a spool of version 2 up to date.
    static let third = """
        \(proof)
        UPDATE meta SET version = 3;
        """

    /// What the centre has signed: one row per batch, what is looked through in front.
    private static let proof = """
        CREATE TABLE proof (
            first INTEGER PRIMARY KEY, committed_at INTEGER NOT NULL, key BLOB NOT NULL, signature BLOB NOT NULL,
            tags BLOB NOT NULL, outcomes BLOB NOT NULL, digests BLOB NOT NULL
        );
        """

    static func configuration(quotaBytes: Int) -> GRDB.Configuration {
        var configuration = GRDB.Configuration()
        configuration.busyMode = .timeout(10)
        configuration.prepareDatabase { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try database.execute(sql: "PRAGMA synchronous = FULL")
            try database.execute(sql: "PRAGMA wal_autocheckpoint = 1000")
            try database.execute(sql: "PRAGMA journal_size_limit = 67108864")
            // Beyond the quota nothing is accepted, but the reasons of what is rejected need room.
            try database.execute(sql: "PRAGMA max_page_count = \(2 * max(quotaBytes / 4096, 64))")
        }
        return configuration
    }
}

/// The chain over a spool's entries, as DIP/1 defines it.
enum SpoolChain {
    static let start = [UInt8](repeating: 0, count: 32)

    /// The digest of an entry: SHA-256 of the previous digest, epoch and number (both as eight bytes in network byte
    /// order) and body.
    /// - Parameter previous: 32 bytes.
    static func digest(
        previous: UnsafeRawBufferPointer, epoch: UInt64, number: UInt64, body: UnsafeRawBufferPointer
    ) -> SHA256.Digest {
        var hash = SHA256()
        let start = unsafe previous.loadUnaligned(as: SIMD4<UInt64>.self)
        // 48 bytes without a gap.
        unsafe withUnsafeBytes(of: (start, epoch.bigEndian, number.bigEndian)) { unsafe hash.update(bufferPointer: $0) }
        unsafe hash.update(bufferPointer: body)
        return hash.finalize()
    }

    /// The same in arrays.
    static func digest(previous: [UInt8], epoch: UInt64, number: UInt64, body: [UInt8]) -> [UInt8] {
        let digest = unsafe previous.withUnsafeBytes { previous in
            unsafe body.withUnsafeBytes { body in
                unsafe Self.digest(previous: previous, epoch: epoch, number: number, body: body)
            }
        }
        return unsafe digest.withUnsafeBytes { unsafe Array($0) }
    }
}
