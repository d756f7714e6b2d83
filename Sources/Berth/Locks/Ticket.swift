// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// One contender's place in the line for a lock, as the name of its file tells
/// it: 16 digits, a full stop, and the kind.
///
/// The number is the fencing token of the grant it may become.
package struct Ticket: Hashable, Sendable {
    /// What is asked for.
    package enum Mode: Hashable, Sendable {
        case exclusive, shared, slots
        /// One of a newer version, which may exclude whatever it likes.
        case foreign(UInt8)
    }

    package let number: UInt64
    package let mode: Mode
    /// Whether it stands for a process that is not its owner, once it is granted.
    package let isForProcess: Bool

    package init(number: UInt64, mode: Mode, isForProcess: Bool) {
        self.number = number
        self.mode = mode
        self.isForProcess = isForProcess
    }

    /// The largest number that all readers of JSON carry exactly, and 16 digits.
    package static var maximumNumber: UInt64 { (1 << 53) - 1 }

    // MARK: The line

    /// Whether it has to wait for an earlier one.
    package func conflicts(with earlier: Ticket) -> Bool {
        !(mode == .shared && earlier.mode == .shared)
    }

    /// Those it has to wait for, the nearest first. It watches the nearest
    /// that lives, and none other: so each end of a turn wakes one contender.
    package func conflicting(among tickets: [Ticket]) -> [Ticket] {
        tickets.filter { $0.number < number && conflicts(with: $0) }
            .sorted { $0.number > $1.number }
    }

    // MARK: Names

    package var fileName: String {
        var bytes = Self.digits(number)
        bytes.append(UInt8(ascii: "."))
        switch mode {
        case .exclusive: bytes.append(UInt8(ascii: "x"))
        case .shared: bytes.append(UInt8(ascii: "s"))
        case .slots: bytes.append(UInt8(ascii: "n"))
        case .foreign(let letter): bytes.append(letter)
        }
        if isForProcess { bytes.append(UInt8(ascii: "p")) }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The FIFO that wakes whoever waits for this ticket.
    package var bellName: String { Self.bellName(number) }
    /// The file that says who holds it.
    package var detailsName: String { Self.detailsName(number) }

    static func bellName(_ number: UInt64) -> String { companion(number, ".bell") }
    static func detailsName(_ number: UInt64) -> String { companion(number, ".json") }

    private static func companion(_ number: UInt64, _ suffix: String) -> String {
        String(decoding: digits(number), as: UTF8.self) + suffix
    }

    /// 16 decimal digits, so that names sort as their numbers do.
    static func digits(_ number: UInt64) -> [UInt8] {
        var digits = [UInt8](repeating: UInt8(ascii: "0"), count: 16)
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

/// What a name in a lock's folder stands for.
package enum LockFolderEntry: Hashable, Sendable {
    case ticket(Ticket)
    /// The bell or the details of the ticket with this number.
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
        if suffix.elementsEqual("bell".utf8) || suffix.elementsEqual("json".utf8) {
            return .companion(number)
        }
        guard let letter = suffix.first, letter >= UInt8(ascii: "a"), letter <= UInt8(ascii: "z"),
            suffix.count == 1 || (suffix.count == 2 && suffix.last == UInt8(ascii: "p"))
        else { return .other }
        let mode: Ticket.Mode =
            switch letter {
            case UInt8(ascii: "x"): .exclusive
            case UInt8(ascii: "s"): .shared
            case UInt8(ascii: "n"): .slots
            default: .foreign(letter)
            }
        return .ticket(Ticket(number: number, mode: mode, isForProcess: suffix.count == 2))
    }
}
