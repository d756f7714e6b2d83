// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The content of a ticket that stands for a process: who it is, and whether
/// the ticket has been granted yet.
///
/// Until then the ticket belongs to the command that waits for it, by `flock`
/// as any other; from then on to the process. The mark is one byte at a fixed
/// place, because a ticket that changed its name could be missed by one who
/// lists the folder at that moment.
enum ProcessGrant {
    /// Where the mark stands, and what it is when granted.
    static var markOffset: Int { 8 }
    static var mark: UInt8 { UInt8(ascii: "1") }

    /// `{"held":0,…}`: the mark follows the eighth byte.
    static func content(_ holder: Holder) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("held", 0)
        holder.write(to: &writer)
        writer.endObject()
        return writer.bytes
    }

    /// What an unlocked ticket with this content is worth.
    static func standing(_ content: [UInt8]) throws(SystemError) -> TicketStanding {
        guard content.count > markOffset, content[markOffset] == mark else { return .dead }
        guard let holder = holder(content) else { return .granted(nil) }
        let isDead = HolderStatus.of(holder, from: try .current()) == .dead
        return isDead ? .dead : .granted(holder)
    }

    private static func holder(_ content: [UInt8]) -> Holder? {
        JSONFields(content).flatMap { Holder($0) }
    }
}
