// SPDX-License-Identifier: Apache-2.0

import BerthStore

extension Ports {
    /// Does something to the reserved ports, all of it or nothing. Blocks the
    /// current thread.
    ///
    /// - Parameter operation: What to do.
    /// - Returns: What was changed.
    /// - Throws: ``CoordinatorError``; then nothing is changed, save after
    ///   `indeterminate`.
    @discardableResult
    public func perform(_ operation: PortOperation) throws -> PortPlan {
        if case .clean(let cleanup) = operation.kind {
            // Looking for directories takes its time: it is done before the
            // writers' lock is taken, and once more under it for what is found.
            let doomed = try plan(operation).ended.map(\.port)
            if doomed.isEmpty { return PortPlan() }
            return try perform(PortOperation(kind: .cleanAmong(cleanup, doomed)))
        }
        try operation.validate()
        return try coordinator.write(
            operation.name, once: self.operation, of: operation.request,
            isEssential: operation.isEssential, makesStore: operation.makesStore, .plan
        ) { transaction in
            try transaction.perform(operation)
        }
    }

    /// Does something to the reserved ports, as the synchronous twin does.
    @discardableResult
    public func perform(_ operation: PortOperation) async throws -> PortPlan {
        try await coordinator.onThread { try self.perform(operation) }
    }

    /// Tells what an operation would change, and changes nothing. Blocks the
    /// current thread, but never waits for a change.
    ///
    /// - Parameter operation: What is to be planned.
    /// - Returns: The changes that it would make at this moment.
    /// - Throws: ``CoordinatorError`` where it would fail.
    public func plan(_ operation: PortOperation) throws -> PortPlan {
        try coordinator.read { view in
            var ledger = PortLedger(Transaction(view), .live)
            try operation.perform(&ledger, PortOccupancy.isOccupied)
            return ledger.plan
        }
    }

    /// Tells what an operation would change, as the synchronous twin does.
    public func plan(_ operation: PortOperation) async throws -> PortPlan {
        try await coordinator.onThread { try self.plan(operation) }
    }
}
