// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What the file `gate` of a lock says: which numbers have been given.
///
/// A number is given once, whatever happens. The counter alone is never
/// flushed, so a power loss may take it back; `reserved` is flushed before any
/// number up to it is given, and the first contender after a boot goes on from
/// there. `flushed` says how far that flush is known to have been done, for the
/// case that a process dies between writing a reservation and flushing it.
package struct GateState: Hashable, Sendable {
    /// How many numbers are reserved with one flush.
    package static var block: UInt64 { 1024 }

    /// The boot in which the counter was written.
    package private(set) var boot: String
    /// The last number that was given.
    package private(set) var counter: UInt64
    /// The last number that may be given after the flush of this state.
    package private(set) var reserved: UInt64
    /// The last number that may be given now.
    package private(set) var flushed: UInt64

    /// That of a new gate, or of a folder whose gate was lost: numbers go on
    /// after the given one.
    package init(boot: String, after number: UInt64) {
        self.boot = boot
        counter = number
        reserved = number
        flushed = number
    }

    /// Goes on in another boot: what was given in the last one is not known
    /// exactly, so everything that may have been given counts as given.
    package mutating func begin(boot: String) {
        self = GateState(boot: boot, after: max(counter, reserved))
    }

    /// Makes sure that no number up to this one is given again.
    package mutating func skip(to number: UInt64) {
        guard number > counter else { return }
        counter = number
        reserved = max(reserved, number)
    }

    /// Whether the next number has to be reserved first: ``reserve()``, then
    /// write and flush, then ``noteFlush()``.
    package var needsReservation: Bool { counter >= flushed }

    package mutating func reserve() {
        reserved = max(reserved, counter + Self.block)
    }

    package mutating func noteFlush() {
        flushed = reserved
    }

    /// Gives the next number. Written, not flushed, before it is used.
    package mutating func take() -> UInt64 {
        precondition(!needsReservation, "a number that is not reserved")
        counter += 1
        return counter
    }

    package var isExhausted: Bool { counter > Ticket.maximumNumber - Self.block }
}

extension GateState {
    /// The line that stands in the file. Everything before the name has a fixed
    /// length and lies in one sector: a write of it is never torn.
    package func line(_ name: LockName) -> [UInt8] {
        var writer = JSONWriter(capacity: 160 + name.text.utf8.count)
        writer.beginObject()
        writer.member("boot", boot)
        for (member, number) in numbers {
            writer.member(member, String(decoding: Ticket.digits(number), as: UTF8.self))
        }
        writer.member("name", name.text)
        writer.endObject()
        return writer.bytes + [UInt8(ascii: "\n")]
    }

    private var numbers: [(StaticString, UInt64)] {
        [("counter", counter), ("reserved", reserved), ("flushed", flushed)]
    }

    /// Reads the line and the name in it; nil where it is not one.
    package static func parse(_ line: [UInt8]) -> (state: GateState, name: String)? {
        guard line.last == UInt8(ascii: "\n"), let fields = JSONFields(Array(line.dropLast())),
            let boot = fields.string("boot"), boot.utf8.count == 36,
            let counter = number(fields.string("counter")),
            let reserved = number(fields.string("reserved")),
            let flushed = number(fields.string("flushed")),
            let name = fields.string("name"),
            counter <= reserved, flushed <= reserved
        else { return nil }
        var state = GateState(boot: boot, after: counter)
        state.reserved = reserved
        state.flushed = flushed
        return (state, name)
    }

    private static func number(_ text: String?) -> UInt64? {
        guard let text, text.utf8.count == 16 else { return nil }
        return UInt64(decimal: Array(text.utf8)[...])
    }
}
