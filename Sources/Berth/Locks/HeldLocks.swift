// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The locks that a command is run under, as its environment carries them from
/// process to process in `BERTH_HELD`: an entry for each, separated by spaces.
package enum HeldLocks {
    /// The variable that carries the entries.
    package static var variable: String { "BERTH_HELD" }
    /// The variable that carries the token of the innermost lock.
    package static var tokenVariable: String { "BERTH_TOKEN" }

    /// The entries of a command that is run under one more lock.
    package static func entries(
        _ outer: String, and ticket: HeldTicket
    ) throws(CoordinatorError) -> String {
        let own = try entry(ticket.folder, ticket.token)
        return outer.isEmpty ? own : outer + " " + own
    }

    /// The token under which an ancestor holds a lock, by the entries it left;
    /// one counts only while its ticket lives.
    static func token(
        of folder: LockFolder, in entries: String
    ) throws(CoordinatorError) -> UInt64? {
        if entries.isEmpty { return nil }
        for ticket in try folder.tickets() where try folder.standing(of: ticket).isLive {
            let own = try entry(folder, ticket.number)
            if entries.utf8.split(separator: UInt8(ascii: " ")).contains(where: {
                $0.elementsEqual(own.utf8)
            }) {
                return ticket.number
            }
        }
        return nil
    }

    /// The name, the token, and the device and inode of the lock's folder,
    /// which tell it from one of the same name in another store.
    private static func entry(
        _ folder: LockFolder, _ token: UInt64
    ) throws(CoordinatorError) -> String {
        let identity = try folder.calling("cannot look into") { () throws(SystemError) in
            try FileCalls.status(of: folder.directory).identity
        }
        return folder.name.text + ":" + String(token) + ":" + String(identity.device) + ":"
            + String(identity.inode)
    }
}
