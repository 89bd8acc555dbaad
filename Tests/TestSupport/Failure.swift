/// The error of a type that a piece of work throws, on the caller's own executor; `nil` when it throws none.
///
/// `#expect(throws:)` runs its closure on the global pool, where a connection must not be touched.
package func failure<Failure: Error>(
    _ type: Failure.Type, _ work: () async throws -> Void
) async throws -> Failure? {
    do {
        try await work()
        return nil
    } catch let error as Failure {
        return error
    }
}
