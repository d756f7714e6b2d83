// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The directory `holders` of a store: of each long-lived process a file that
/// it keeps locked for as long as it lives, and beside it a FIFO that it keeps
/// open, which hangs up when it dies. A member that does jobs by commands has a
/// file for each attempt as well, which the command keeps locked too.
///
/// The names are random and never come back, so a file whose owner has died
/// may be removed.
package struct PresenceFolder: Sendable {
    let folder: StoreFolder

    /// Opens the directory; nil where there is none and none is to be made.
    package init?(of store: String, creating: Bool) throws(CoordinatorError) {
        guard let folder = try StoreFolder.open("holders", of: store, creating: creating) else {
            return nil
        }
        self.folder = folder
    }

    static func bellName(_ member: String) -> String { member + ".bell" }
    static func newbornName(_ member: String) -> String { member + ".new" }

    /// Those who are, or were, present, in the order of the ring.
    package func members() throws(CoordinatorError) -> [String] {
        try folder.names().filter { Self.isMember($0) }.sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
    }

    private static func isMember(_ name: String) -> Bool {
        name.utf8.count == 16 && name.utf8.allSatisfy { $0.hexadecimalDigit != nil }
    }

    /// Whether a member lives; nil where its file is gone.
    ///
    /// A shared lock is asked for and given back at once: no two who ask
    /// disturb each other, and no owner asks twice.
    package func isAlive(_ member: String) throws(CoordinatorError) -> Bool? {
        try folder.calling("cannot look at a holder") { () throws(SystemError) in
            do throws(SystemError) {
                let file = try FileCalls.open(member, in: folder.directory, .reading)
                defer { FileCalls.close(file) }
                return try !FileCalls.lock(file, .shared, waiting: false)
            } catch let error where error.errno == .noEntry {
                return nil
            }
        }
    }

    /// Removes what a dead member has left. Its file goes last: a crash before
    /// that leaves a dead member, which the next one who looks removes.
    package func sweep(_ member: String) {
        folder.remove(Self.bellName(member))
        folder.remove(member)
    }

    /// Removes what processes left that died while they came in or left, and
    /// the files of attempts of which neither worker nor command lives.
    ///
    /// Only what nobody has locked, and what no living member stands behind. A
    /// newborn that is removed before its owner came to lock it is made anew.
    func tidy() throws(CoordinatorError) {
        for name in try folder.names() {
            guard let dot = name.utf8.firstIndex(of: UInt8(ascii: ".")) else { continue }
            let member = String(name[..<dot])
            guard Self.isMember(member) else { continue }
            if name == Self.newbornName(member) {
                if try isAlive(name) == false { folder.remove(name) }
            } else if name == Self.bellName(member) {
                // In this order: a newborn gets its own name, and never loses it.
                if try isAlive(Self.newbornName(member)) == nil, try isAlive(member) == nil {
                    folder.remove(name)
                }
            } else if try isAlive(member) != true, try isAlive(name) == false {
                folder.remove(name)
            }
        }
    }
}
