// SPDX-License-Identifier: Apache-2.0

/// A length of time for which something is held. It runs while the machine
/// sleeps, and no longer than the machine does: a new boot ends it.
package struct Lease: Hashable, Sendable {
    /// The boot whose clock it is measured by.
    package let boot: String
    /// Where that clock is counted from; see ``Holder/Surroundings/timeNamespace``.
    package let timeNamespace: UInt64
    /// The moment it ends, in nanoseconds of ``Clock/sinceBoot``.
    package let end: UInt64

    package init(boot: String, timeNamespace: UInt64, end: UInt64) {
        self.boot = boot
        self.timeNamespace = timeNamespace
        self.end = end
    }

    /// One that begins now.
    package init(_ length: Duration, from here: Holder.Surroundings, at now: UInt64) {
        let (seconds, attoseconds) = length.components
        let (whole, overflowed) = UInt64(max(0, seconds)).multipliedReportingOverflow(
            by: 1_000_000_000)
        let rest = UInt64(max(0, attoseconds) / 1_000_000_000)
        let nanoseconds = overflowed ? UInt64.max / 4 : min(whole + rest, UInt64.max / 4)
        self.init(boot: here.boot, timeNamespace: here.timeNamespace, end: now + nanoseconds)
    }

    /// Whether it is proven to have ended: by its clock, or by a boot after
    /// its own. Two time namespaces count from different moments, so that of
    /// another's nothing can be said.
    package func hasEnded(from here: Holder.Surroundings, at now: UInt64) -> Bool {
        if boot != here.boot { return true }
        return timeNamespace == here.timeNamespace && now >= end
    }

    /// Adds the lease's members to an object that has been begun.
    package func write(to writer: inout JSONWriter) {
        writer.member("boot", boot)
        writer.member("timens", timeNamespace)
        writer.member("end", end)
    }

    /// Reads them back; nil where one is missing or damaged.
    package init?(_ fields: JSONFields) {
        guard let boot = fields.string("boot"),
            let timeNamespace: UInt64 = fields.integer("timens"),
            let end: UInt64 = fields.integer("end")
        else { return nil }
        self.init(boot: boot, timeNamespace: timeNamespace, end: end)
    }
}
