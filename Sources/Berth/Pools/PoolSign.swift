// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What a holding of a running program or command names: the ticket that lives
/// as long as that does.
///
/// Numbers are given once in a folder. The folder's inode tells it from that of
/// another store, from which the record may have been copied. Not its device:
/// that may look another way from another place, and what is alive must not be
/// taken for a copy.
struct PoolSign: Hashable, Sendable {
    let number: UInt64
    /// The inode of the folder of the ticket.
    let folder: UInt64

    /// Adds the sign's members to an object that has been begun.
    func write(to writer: inout JSONWriter) {
        writer.member("ticket", number)
        writer.member("folder", folder)
    }

    init(number: UInt64, folder: UInt64) {
        self.number = number
        self.folder = folder
    }

    /// Reads them back; nil where one is missing or damaged.
    init?(_ fields: JSONFields) {
        guard let number: UInt64 = fields.integer("ticket"),
            let folder: UInt64 = fields.integer("folder")
        else { return nil }
        self.init(number: number, folder: folder)
    }
}
