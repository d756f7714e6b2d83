// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The end of a time for which something is held. It runs while the machine
/// sleeps, and no longer than the machine does: a new boot ends it.
struct ReservationLease: Hashable, Sendable {
    /// The boot whose clock it is measured by.
    let boot: String
    /// Where that clock is counted from; see ``Holder/Surroundings/timeNamespace``.
    let timeNamespace: UInt64
    /// The moment it ends, in nanoseconds of `Clock.boot`.
    let end: UInt64

    init(boot: String, timeNamespace: UInt64, end: UInt64) {
        self.boot = boot
        self.timeNamespace = timeNamespace
        self.end = end
    }

    /// One that begins now, of a length in nanoseconds.
    init(_ length: UInt64, from here: Holder.Surroundings, at now: UInt64) {
        self.init(boot: here.boot, timeNamespace: here.timeNamespace, end: now + length)
    }

    /// Whether it is proven to have ended: by its clock, or by a boot after
    /// its own. Two time namespaces count from different moments, so that of
    /// another's nothing can be said.
    func hasEnded(from here: Holder.Surroundings, at now: UInt64) -> Bool {
        if boot != here.boot { return true }
        return timeNamespace == here.timeNamespace && now >= end
    }

    /// Adds the lease's members to an object that has been begun.
    func write(to writer: inout JSONWriter) {
        writer.member("boot", boot)
        writer.member("timens", timeNamespace)
        writer.member("end", end)
    }

    /// Reads them back; nil where one is missing or damaged.
    init?(_ fields: JSONFields) {
        guard let boot = fields.string("boot"),
            let timeNamespace: UInt64 = fields.integer("timens"),
            let end: UInt64 = fields.integer("end")
        else { return nil }
        self.init(boot: boot, timeNamespace: timeNamespace, end: end)
    }
}
