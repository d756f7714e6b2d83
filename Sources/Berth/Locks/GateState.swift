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
    /// The line that stands in the file. It has a fixed form, up to the name,
    /// and lies in one sector: a write of it is never torn.
    package func line(_ name: LockName) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(192 + name.text.utf8.count)
        line.append(contentsOf: #"{"boot":""#.utf8)
        line.append(contentsOf: boot.utf8)
        line.append(contentsOf: #"","counter":""#.utf8)
        line.append(contentsOf: Ticket.digits(counter))
        line.append(contentsOf: #"","reserved":""#.utf8)
        line.append(contentsOf: Ticket.digits(reserved))
        line.append(contentsOf: #"","flushed":""#.utf8)
        line.append(contentsOf: Ticket.digits(flushed))
        line.append(contentsOf: #"","name":""#.utf8)
        line.append(contentsOf: name.text.utf8)
        line.append(contentsOf: "\"}\n".utf8)
        return line
    }

    /// Reads the line and the name in it; nil where it is not one. By its
    /// fixed form, because a command pays for a reader of all JSON with a
    /// tenth of its start.
    package static func parse(_ line: [UInt8]) -> (state: GateState, name: String)? {
        var reader = FixedLine(line)
        guard reader.skip(#"{"boot":""#), let boot = reader.text(count: 36),
            reader.skip(#"","counter":""#), let counter = reader.number(),
            reader.skip(#"","reserved":""#), let reserved = reader.number(),
            reader.skip(#"","flushed":""#), let flushed = reader.number(),
            reader.skip(#"","name":""#), let name = reader.text(count: reader.rest - 3),
            reader.skip("\"}\n"), counter <= reserved, flushed <= reserved
        else { return nil }
        var state = GateState(boot: boot, after: counter)
        state.reserved = reserved
        state.flushed = flushed
        return (state, name)
    }
}

/// Reads a line whose parts have fixed lengths.
private struct FixedLine {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// How many bytes have not been read.
    var rest: Int { bytes.count - position }

    /// Moves past a text; returns whether it was there.
    mutating func skip(_ text: StaticString) -> Bool {
        guard rest >= text.utf8CodeUnitCount else { return false }
        for index in 0..<text.utf8CodeUnitCount
        where bytes[position + index] != text.utf8Start[index] {
            return false
        }
        position += text.utf8CodeUnitCount
        return true
    }

    mutating func text(count: Int) -> String? {
        guard count >= 0, rest >= count else { return nil }
        defer { position += count }
        return String(utf8: Array(bytes[position..<position + count]))
    }

    mutating func number() -> UInt64? {
        guard let number = Ticket.number(bytes, at: position) else { return nil }
        position += 16
        return number
    }
}
