// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The content of a ticket that stands for a process or is a lease: whose it
/// is, whether it has been granted to that process yet, and when it ends. Other
/// tickets have none.
///
/// Until it is granted, a ticket for a process belongs to the command that
/// waits for it, by `flock` as any other; from then on to the process. The mark
/// is one byte at a fixed place, because a ticket that changed its name could
/// be missed by one who lists the folder at that moment. So is the lease's end,
/// which changes in place.
struct TicketContent {
    let isGranted: Bool
    /// The process it stands for, or that took the lease; nil where it cannot
    /// be read.
    let holder: Holder?
    let lease: LeaseTerm?

    /// Where the mark stands, and what it is when granted.
    static var markOffset: Int { 8 }
    static var mark: UInt8 { UInt8(ascii: "1") }
    /// Where the end of a lease stands: 20 digits, all of them 0 in line.
    static var endOffset: Int { 46 }

    /// `{"held":0,…}`, and of a lease `{"held":0,"ttl":"…","end":"…",…}`.
    static func bytes(_ holder: Holder, leaseOf length: UInt64?) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("held", 0)
        if let length {
            writer.member("ttl", String(decoding: digits(length), as: UTF8.self))
            writer.member("end", String(decoding: digits(0), as: UTF8.self))
        }
        holder.write(to: &writer)
        writer.endObject()
        return writer.bytes
    }

    static func digits(_ number: UInt64) -> [UInt8] {
        Ticket.digits(number, count: 20)
    }

    /// The end of a lease as its ticket says; nil where it cannot be read.
    /// Read until it stays the same: it may be written at this moment.
    static func end(in file: FileDescriptor) -> UInt64? {
        var last: ArraySlice<UInt8>?
        while true {
            guard let bytes = try? FileCalls.readAll(file, limit: endOffset + 20),
                bytes.count == endOffset + 20
            else { return nil }
            let digits = bytes[endOffset...]
            if digits == last { return UInt64(decimal: digits) }
            last = digits
        }
    }

    /// Reads them, from where this process is; nil where there is nothing yet.
    init?(_ bytes: [UInt8], from here: Holder.Surroundings) {
        guard bytes.count > Self.markOffset else { return nil }
        isGranted = bytes[Self.markOffset] == Self.mark
        let fields = JSONFields(bytes)
        holder = fields.flatMap { Holder($0) }
        guard let length = fields?.string("ttl").flatMap({ UInt64(decimal: Array($0.utf8)[...]) }),
            let end = fields?.string("end").flatMap({ UInt64(decimal: Array($0.utf8)[...]) })
        else {
            lease = nil
            return
        }
        // The clock counts from a moment of its boot and its namespace.
        let isComparable =
            holder?.surroundings.boot == here.boot
            && holder?.surroundings.timeNamespace == here.timeNamespace
        lease = LeaseTerm(length: length, end: isComparable && end > 0 ? end : nil)
    }
}
