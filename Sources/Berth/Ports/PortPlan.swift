// SPDX-License-Identifier: Apache-2.0

import BerthStore

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

// MARK: As JSON

extension PortPlan {
    /// `{"changes":[{"do":"end","reservation":{…},"because":"idle"}]}`
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("changes")
        writer.beginArray()
        for change in changes { change.write(to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// Reads the JSON; nil where it is not that of a plan.
    init?(json: [UInt8]) {
        guard let parts = JSONFields(json)?.array("changes") else { return nil }
        var changes: [Change] = []
        for part in parts {
            guard let change = JSONFields(Array(part)).flatMap({ Change($0) }) else { return nil }
            changes.append(change)
        }
        self.changes = changes
    }
}

extension PortPlan.Change {
    fileprivate func write(to writer: inout JSONWriter) {
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

    fileprivate init?(_ fields: JSONFields) {
        func reservation(_ name: StaticString) -> PortReservation? {
            fields.json(name).flatMap { PortReservation(json: Array($0)) }
        }
        guard let subject = reservation("reservation") else { return nil }
        switch fields.string("do") {
        case "reserve": self = .reserved(subject)
        case "renew": self = .renewed(subject)
        case "move":
            guard let before = reservation("from") else { return nil }
            self = .moved(from: before, to: subject)
        case "end":
            guard let reason = fields.string("because").flatMap({ ReservationEnd(rawValue: $0) })
            else { return nil }
            self = .ended(subject, because: reason)
        default: return nil
        }
    }
}
