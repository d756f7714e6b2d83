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

    /// The token in an entry of a lock; nil where it is one of another name.
    /// Whether it is still held, and of which store, is not asked.
    static func token(of name: LockName, in entry: String) -> UInt64? {
        guard entry.utf8.starts(with: (name.text + ":").utf8) else { return nil }
        let numbers = entry.utf8.dropFirst(name.text.utf8.count + 1)
        return UInt64(decimal: Array(numbers.prefix { $0 != UInt8(ascii: ":") })[...])
    }

    /// The ticket by which an ancestor holds a lock, by the entries it left;
    /// one counts only while its ticket lives.
    static func ticket(
        of folder: LockFolder, in entries: String
    ) throws(CoordinatorError) -> Ticket? {
        if entries.isEmpty { return nil }
        for ticket in try folder.tickets() where try folder.standing(of: ticket).isLive {
            if try contain(ticket.number, of: folder, entries) { return ticket }
        }
        return nil
    }

    /// Whether one of the entries stands for a token.
    static func contain(
        _ token: UInt64, of folder: LockFolder, _ entries: String
    ) throws(CoordinatorError) -> Bool {
        list(entries).contains(try entry(folder, token))
    }

    static func list(_ entries: String) -> [String] {
        entries.utf8.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    }

    /// What stands for a grant: the name, the token, and the device and inode of the lock's folder,
    /// which tell it from one of the same name in another store.
    static func entry(
        _ folder: LockFolder, _ token: UInt64
    ) throws(CoordinatorError) -> String {
        let identity = try folder.calling("cannot look into") { () throws(SystemError) in
            try FileCalls.status(of: folder.directory).identity
        }
        return folder.name.text + ":" + String(token) + ":" + String(identity.device) + ":"
            + String(identity.inode)
    }
}
