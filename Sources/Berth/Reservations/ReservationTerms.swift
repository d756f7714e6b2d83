// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What ends a reservation beside its release: the death of a process, the
/// end of a lease, whichever comes first; with neither it lasts.
struct ReservationTerms: Hashable, Sendable {
    /// The process with which it ends.
    var holder: Holder?
    var lease: ReservationLease?

    /// Adds the terms to an object that has been begun; none add nothing.
    func write(to writer: inout JSONWriter) {
        if let holder {
            writer.member("holder")
            writer.beginObject()
            holder.write(to: &writer)
            writer.endObject()
        }
        if let lease {
            writer.member("lease")
            writer.beginObject()
            lease.write(to: &writer)
            writer.endObject()
        }
    }

    init(holder: Holder? = nil, lease: ReservationLease? = nil) {
        self.holder = holder
        self.lease = lease
    }

    /// Reads them back; nil where one is there but damaged: a reservation
    /// whose end cannot be told must not be taken for one that lasts.
    init?(_ fields: JSONFields) {
        if fields.json("holder") != nil {
            guard let holder = fields.fields("holder").flatMap({ Holder($0) }) else { return nil }
            self.holder = holder
        }
        if fields.json("lease") != nil {
            guard let lease = fields.fields("lease").flatMap({ ReservationLease($0) }) else {
                return nil
            }
            self.lease = lease
        }
    }
}

/// What a caller asks for of a reservation's end.
struct ReservationWish: Hashable, Sendable {
    /// The process to end with.
    var process: Int32?
    /// How long to last, from now on.
    var length: Duration?

    /// The length in nanoseconds.
    ///
    /// - Throws: `invalid` where it is not positive, or beyond a hundred years.
    func nanoseconds() throws(CoordinatorError) -> UInt64? {
        guard let length else { return nil }
        guard let nanoseconds = LeaseTerm.length(length) else {
            throw CoordinatorError(
                .invalid, "a reservation lasts longer than no time, and at most a hundred years")
        }
        return nanoseconds
    }
}
