// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension Coordinator {
    /// Checks and changes as one step that happens at most once. Blocks the
    /// current thread.
    ///
    /// Where a transaction of the same name was made under the id, the body does
    /// not run, and its first result is returned. So a caller that was told
    /// `indeterminate`, or that died, may ask again: see ``OperationID``.
    ///
    /// - Parameters:
    ///   - id: What tells this change from every other.
    ///   - name: What the transaction is for, as the journal tells it.
    ///   - body: Reads and changes. Where it throws, nothing is changed or kept.
    /// - Returns: What the body returns, or returned when it first ran: at most
    ///   64 KiB as JSON.
    /// - Throws: What the body throws, or ``CoordinatorError``, with `invalid`
    ///   where the id was given to another change.
    public func transaction<Result: Codable>(
        once id: OperationID, _ name: String = "transaction",
        _ body: (inout CoordinatorTransaction) throws -> Result
    ) throws -> Result {
        try write(name, once: id, of: [], .json, body)
    }

    /// Checks and changes as one step that happens at most once, as the
    /// synchronous twin does.
    public func transaction<Result: Codable & Sendable>(
        once id: OperationID, _ name: String = "transaction",
        _ body: @escaping @Sendable (inout CoordinatorTransaction) throws -> Result
    ) async throws -> Result {
        try await onThread { try self.write(name, once: id, of: [], .json, body) }
    }
}

extension OutcomeFormat where Result: Codable {
    fileprivate static var json: OutcomeFormat {
        OutcomeFormat(
            encode: { try KeyValue.json($0) },
            decode: { try JSONDecoder().decode(Result.self, from: Data($0)) })
    }
}
