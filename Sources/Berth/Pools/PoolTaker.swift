// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What somebody is told who has to wait for items.
package struct PoolObstacle {
    package let pool: String
    package let count: Int
    package let free: Int
    package let total: Int
}

/// One taking of items, from the first look to its end.
///
/// Who finds too few free items gets in line: the exclusive lock of the pool's
/// line, whose tickets stand in the order in which they were taken and vanish
/// with their owners. Its holder is the first in line, and alone waits for
/// items; who comes later is given none as long as there is a line. So nobody
/// is overtaken, however many items he wants.
///
/// A crash in line leaves a dead ticket, which the next in line removes. A
/// crash after the transaction leaves a holding: of a ticket, which is dead
/// too, or of an owner who asks again.
struct PoolTaker {
    let coordinator: Coordinator
    let name: PoolName
    let claim: PoolClaim
    var patience = LockPatience.unlimited
    var cancellation: Cancellation?
    /// Who asks, for people to read.
    var command = ""
    /// What the caller is under, see ``HeldLocks``.
    var under = ""
    /// Told once what the caller waits for, when it stands in line.
    var onWait: ((PoolObstacle) -> Void)?

    /// Takes the items. Blocks the current thread.
    ///
    /// - Returns: What is held; nil where others have it and there is no patience.
    /// - Throws: `timedOut`, `cancelled`; `deadlock` where a command that runs this
    ///   one has what is waited for; and whatever else a look throws.
    func run() throws -> PoolHolding? {
        let start = Clock.monotonic
        guard let holding = try take() else { return nil }
        coordinator.events.report(
            .poolTaken,
            [
                .text("pool", name.text), .text("items", holding.items.joined(separator: ",")),
                .duration("waited", .nanoseconds(Int64(Clock.monotonic - start))),
            ])
        return holding
    }

    private func take() throws -> PoolHolding? {
        let state: PoolState
        switch try look(isInLine: false) {
        case .taken(let holding): return holding
        case .waits(let now): state = now
        }
        let deadline: Deadline?
        switch patience {
        case .none:
            report(state, waits: false)
            return nil
        case .until(let moment): deadline = moment
        case .unlimited: deadline = nil
        }
        // Told in line, whether the line or an item is waited for.
        var isTold = false
        func tell(_ state: PoolState) {
            if isTold { return }
            isTold = true
            report(state, waits: true)
            onWait?(
                PoolObstacle(
                    pool: name.text, count: claim.count, free: state.free.count,
                    total: state.items.count))
        }
        let turn = try standInLine { tell(state) }
        defer { turn.release() }
        return try waitForItems(until: deadline) { tell($0) }
    }

    private func look(isInLine: Bool) throws -> PoolLook {
        try coordinator.write("pool.take", makesStore: false) { transaction in
            try transaction.take(claim, of: name, under: under, isInLine: isInLine)
        }
    }

    /// Waits until the caller is the first in line.
    private func standInLine(_ onWait: @escaping () -> Void) throws -> HeldTicket {
        var request = LockService.Request(name.line)
        request.patience = patience
        request.command = command
        request.cancellation = cancellation
        request.onWait = { _ in
            onWait()
            return nil
        }
        do throws(CoordinatorError) {
            if let turn = try LockService(path: coordinator.path).acquire(request) { return turn }
        } catch {
            guard error.code == .timedOut else { throw error }
            let state = try coordinator.read { view in
                try view.state(of: name, try PoolJudge(of: name, in: coordinator.path))
            }
            throw timedOut(state)
        }
        preconditionFailure("Berth: a wait in line ended without an outcome")
    }

    /// Waits, as the first in line, until enough items are free.
    private func waitForItems(
        until deadline: Deadline?, _ onWait: (PoolState) -> Void
    ) throws -> PoolHolding {
        let bell = try Bell([name.interest], in: coordinator.path)
        let wait = try PoolWait(self, bell, deadline)
        while true {
            switch try look(isInLine: true) {
            case .taken(let holding):
                return holding
            case .waits(let state):
                onWait(state)
                if let deadline, deadline.isPast { throw timedOut(state) }
                try wait.sleep(while: state.holdings)
            }
        }
    }

    private func report(_ state: PoolState, waits: Bool) {
        coordinator.events.report(
            .poolBusy,
            [
                .text("pool", name.text), .number("count", claim.count),
                .number("free", state.free.count), .text("wait", waits ? "yes" : "no"),
            ])
    }

    private func timedOut(_ state: PoolState) -> CoordinatorError {
        CoordinatorError(.timedOut, state.refusal(claim.count))
    }
}
