// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Watches over one lease, on a thread of its own, until the lock is lost or
/// released.
///
/// It looks at the clock at least once a second, because the end comes on a
/// clock that goes on while the machine sleeps, and a timer does not.
///
/// `@unchecked Sendable` because `isOver` is only touched under `monitor`.
final class LeaseWatch: @unchecked Sendable {
    private let held: HeldTicket
    private let onLoss: @Sendable (CoordinatorError) -> Void
    private let monitor = Monitor()
    private var isOver = false

    init(
        _ held: HeldTicket, _ onLoss: @escaping @Sendable (CoordinatorError) -> Void
    ) throws(CoordinatorError) {
        self.held = held
        self.onLoss = onLoss
        do throws(SystemError) {
            try Thread.start { [self] in run() }
        } catch {
            throw .system("cannot start a thread to watch over a lease", error)
        }
    }

    /// Nobody is told from now on. Called before the descriptors are closed.
    func stop() {
        monitor.lock()
        isOver = true
        monitor.broadcast()
        monitor.unlock()
    }

    private func run() {
        monitor.lock()
        while !isOver {
            guard held.isHeld else {
                isOver = true
                monitor.unlock()
                return onLoss(held.loss)
            }
            let now = Clock.boot
            let rest = held.end.map { $0 > now ? $0 - now : 0 } ?? .max
            _ = monitor.wait(
                until: Deadline(after: .nanoseconds(Int64(min(rest, 1_000_000_000)))))
        }
        monitor.unlock()
    }
}
