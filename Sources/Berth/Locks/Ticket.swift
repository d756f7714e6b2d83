// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// One contender's place in the line for a lock, as the name of its file tells
/// it: 16 digits, a full stop, and the kind.
///
/// The kind is `x` exclusive, `s` shared, or `n` and how many slots there are;
/// then `p` where it is taken for another process, and `t` where it is a lease.
/// The number is the fencing token of the grant it may become.
package struct Ticket: Hashable, Sendable {
    /// What is asked for.
    package enum Mode: Hashable, Sendable {
        case exclusive, shared
        /// One of so many places.
        case slots(Int)
        /// One of a newer version, which may exclude whatever it likes.
        case foreign(UInt8)
    }

    package let number: UInt64
    package let mode: Mode
    /// Whether it stands for a process that is not its owner, once it is granted.
    package let isForProcess: Bool
    /// Whether its content says when the grant ends, see ``LeaseTerm``.
    package let isLease: Bool

    package init(number: UInt64, mode: Mode, isForProcess: Bool, isLease: Bool = false) {
        self.number = number
        self.mode = mode
        self.isForProcess = isForProcess
        self.isLease = isLease
    }

    /// The same, with a number.
    func numbered(_ number: UInt64) -> Ticket {
        Ticket(number: number, mode: mode, isForProcess: isForProcess, isLease: isLease)
    }

    /// The largest number that all readers of JSON carry exactly, and 16 digits.
    package static var maximumNumber: UInt64 { (1 << 53) - 1 }
    /// How many slots a lock has at most.
    package static var maximumSlots: Int { 64 }

    // MARK: The grant

    /// The permission that marks a ticket which has become an exclusive lock: of
    /// the earlier ones none has a place in the line any more.
    static var grantMark: UInt32 { 0o100 }

    static func isGranted(_ status: FileStatus) -> Bool { status.permissions & grantMark != 0 }

    // MARK: Names

    package var fileName: String {
        var bytes = Self.digits(number)
        bytes.append(UInt8(ascii: "."))
        switch mode {
        case .exclusive: bytes.append(UInt8(ascii: "x"))
        case .shared: bytes.append(UInt8(ascii: "s"))
        case .slots(let count):
            bytes.append(UInt8(ascii: "n"))
            bytes.append(decimal: UInt64(count))
        case .foreign(let letter): bytes.append(letter)
        }
        if isForProcess { bytes.append(UInt8(ascii: "p")) }
        if isLease { bytes.append(UInt8(ascii: "t")) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The FIFO that wakes whoever waits for this ticket.
    package var bellName: String { Self.bellName(number) }
    /// The file that says who holds it.
    package var detailsName: String { Self.detailsName(number) }
    /// The FIFO by which it is told that its turn may have come, where it
    /// stands in line for a slot.
    package var turnName: String { Self.companion(number, ".turn") }

    static func bellName(_ number: UInt64) -> String { companion(number, ".bell") }
    static func detailsName(_ number: UInt64) -> String { companion(number, ".json") }

    private static func companion(_ number: UInt64, _ suffix: String) -> String {
        String(decoding: digits(number), as: UTF8.self) + suffix
    }

    /// 16 decimal digits, so that names sort as their numbers do.
    static func digits(_ number: UInt64) -> [UInt8] {
        digits(number, count: 16)
    }

    static func digits(_ number: UInt64, count: Int) -> [UInt8] {
        var digits = [UInt8](repeating: UInt8(ascii: "0"), count: count)
        var rest = number
        for place in digits.indices.reversed() {
            digits[place] += UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        return digits
    }

    /// The number that 16 decimal digits stand for; nil where there are none.
    static func number(_ bytes: [UInt8], at start: Int) -> UInt64? {
        guard bytes.count >= start + 16 else { return nil }
        return UInt64(decimal: bytes[start..<start + 16])
    }
}

extension Ticket.Mode {
    /// What it is called in logs and lists.
    package var word: String {
        switch self {
        case .exclusive: "exclusive"
        case .shared: "shared"
        case .slots(let count): String(count) + (count == 1 ? " slot" : " slots")
        case .foreign: "unknown"
        }
    }
}

/// What a name in a lock's folder stands for.
package enum LockFolderEntry: Hashable, Sendable {
    case ticket(Ticket)
    /// The bell, the details or the turn of the ticket with this number.
    case companion(UInt64)
    /// A ticket that has no number yet.
    case newborn
    /// The gate, or nothing of ours.
    case other

    package init(_ name: String) {
        self = Self.parse(Array(name.utf8))
    }

    private static func parse(_ name: [UInt8]) -> LockFolderEntry {
        guard name.count > 17, name[16] == UInt8(ascii: ".") else { return .other }
        let suffix = name[17...]
        if suffix.elementsEqual("new".utf8) { return .newborn }
        guard let number = Ticket.number(name, at: 0) else { return .other }
        if suffix.elementsEqual("bell".utf8) || suffix.elementsEqual("json".utf8)
            || suffix.elementsEqual("turn".utf8)
        {
            return .companion(number)
        }
        return ticket(number, suffix).map { .ticket($0) } ?? .other
    }

    private static func ticket(_ number: UInt64, _ suffix: ArraySlice<UInt8>) -> Ticket? {
        var rest = suffix
        guard let letter = rest.popFirst(), letter >= UInt8(ascii: "a"),
            letter <= UInt8(ascii: "z"), let mode = mode(letter, &rest)
        else { return nil }
        var flags = (isForProcess: false, isLease: false)
        if rest.first == UInt8(ascii: "p") {
            flags.isForProcess = true
            rest.removeFirst()
        }
        if rest.first == UInt8(ascii: "t") {
            flags.isLease = true
            rest.removeFirst()
        }
        guard rest.isEmpty else { return nil }
        return Ticket(
            number: number, mode: mode, isForProcess: flags.isForProcess, isLease: flags.isLease)
    }

    private static func mode(_ letter: UInt8, _ rest: inout ArraySlice<UInt8>) -> Ticket.Mode? {
        switch letter {
        case UInt8(ascii: "x"): return .exclusive
        case UInt8(ascii: "s"): return .shared
        case UInt8(ascii: "n"):
            let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            rest = rest.dropFirst(digits.count)
            if digits.isEmpty { return .foreign(letter) }
            guard digits.first != UInt8(ascii: "0"), let count = Int(decimal: digits),
                count <= Ticket.maximumSlots
            else { return nil }
            return .slots(count)
        default: return .foreign(letter)
        }
    }
}
