// SPDX-License-Identifier: Apache-2.0

import Berth

/// A plan as people and programs read it.
enum PortPlanText {
    /// A line for each change.
    static func lines(_ plan: PortPlan, isDone: Bool) -> [String] {
        plan.changes.map { TerminalText.escaped(line($0, isDone: isDone)) }
    }

    private static func line(_ change: PortPlan.Change, isDone: Bool) -> String {
        switch change {
        case .reserved(let reservation):
            return (isDone ? "reserved" : "would reserve") + " port " + text(reservation)
        case .renewed(let reservation):
            return (isDone ? "renewed" : "would renew") + " port " + text(reservation)
        case .moved(let before, let after):
            let verb = isDone ? "moved" : "would move"
            return verb + " port " + text(before) + " to port " + text(after)
        case .ended(let reservation, let reason):
            let verb = isDone ? "released" : "would release"
            let suffix = reason == .released ? "" : ": " + self.reason(reason)
            return verb + " port " + text(reservation) + suffix
        }
    }

    private static func text(_ reservation: PortReservation) -> String {
        let tag = reservation.tag.map { " (" + $0 + ")" } ?? ""
        return String(reservation.port) + " of " + reservation.path + tag
    }

    private static func reason(_ reason: ReservationEnd) -> String {
        switch reason {
        case .released: "asked for"
        case .directoryGone: "the directory is gone"
        case .idle: "nobody has asked for it in a long time"
        case .processEnded: "its process has ended"
        case .leaseEnded: "its time is over"
        case .replaced: "another takes its place"
        }
    }
}
