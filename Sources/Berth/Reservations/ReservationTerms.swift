// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What ends a reservation beside its release: the death of a process, the
/// end of a lease, whichever comes first; with neither it lasts.
struct ReservationTerms: Hashable, Sendable {
    /// The process with which it ends.
    var holder: Holder?
    var lease: Lease?

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

    init(holder: Holder? = nil, lease: Lease? = nil) {
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
            guard let lease = fields.fields("lease").flatMap({ Lease($0) }) else { return nil }
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

    var isEmpty: Bool { process == nil && length == nil }
}
