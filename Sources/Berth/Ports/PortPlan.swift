// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// What an operation on ports changes, or would change: nothing where there
/// is nothing to do.
public struct PortPlan: Hashable, Sendable {
    /// One change of one reservation.
    public enum Change: Hashable, Sendable {
        /// A port is reserved.
        case reserved(PortReservation)
        /// A reservation is asked for again, and keeps its port.
        case renewed(PortReservation)
        /// A reservation is given another port, or another directory.
        case moved(from: PortReservation, to: PortReservation)
        /// A reservation ends.
        case ended(PortReservation, because: ReservationEnd)
    }

    /// The changes, in the order in which they are made.
    public internal(set) var changes: [Change] = []

    /// The reservations that stand after the changes, of those they are about.
    public var reservations: [PortReservation] {
        changes.compactMap { change in
            switch change {
            case .reserved(let reservation), .renewed(let reservation): reservation
            case .moved(_, let reservation): reservation
            case .ended: nil
            }
        }
    }

    /// The reservations that end.
    public var ended: [PortReservation] {
        changes.compactMap { change in
            if case .ended(let reservation, _) = change { return reservation }
            return nil
        }
    }
}

extension PortPlan.Change {
    /// `{"do":"end","reservation":{…},"because":"idle"}`
    package func write(to writer: inout JSONWriter) {
        writer.beginObject()
        switch self {
        case .reserved(let reservation):
            writer.member("do", "reserve")
            writer.member("reservation", json: reservation.json)
        case .renewed(let reservation):
            writer.member("do", "renew")
            writer.member("reservation", json: reservation.json)
        case .moved(let before, let reservation):
            writer.member("do", "move")
            writer.member("from", json: before.json)
            writer.member("reservation", json: reservation.json)
        case .ended(let reservation, let reason):
            writer.member("do", "end")
            writer.member("reservation", json: reservation.json)
            writer.member("because", reason.rawValue)
        }
        writer.endObject()
    }
}
