// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The grant of a lock that this process is under, because a command that runs
/// it holds the lock.
package struct OuterGrant: Sendable {
    package let ticket: Ticket
    let folder: LockFolder

    /// Whether it is in force. It may be old news when it is read.
    var isHeld: Bool {
        guard let standing = try? folder.standing(of: ticket) else { return true }
        return standing.isLive
    }

    /// Makes its lease begin anew; without one it only makes sure that it is
    /// in force.
    ///
    /// - Throws: `stale` where it is not.
    func renew() throws(CoordinatorError) {
        try folder.renew(ticket, until: Deadline(after: LockService.defaultGateTimeout))
    }
}
