// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The number of a job: from 1, and larger than that of every earlier job of
/// the store.
public struct JobID: RawRepresentable, Hashable, Sendable {
    /// The number.
    public let rawValue: UInt64

    /// The job of a number, whether there is one or not.
    public init(rawValue: UInt64) {
        self.rawValue = rawValue
    }

    /// The largest number: 16 digits, and exact in every reader of JSON.
    static var maximum: UInt64 { (1 << 53) - 1 }

    /// 16 decimal digits, so that names sort as their numbers do.
    var digits: String { Self.digits(rawValue) }

    static func digits(_ number: UInt64) -> String {
        String(decoding: Ticket.digits(number), as: UTF8.self)
    }
}

extension JobID: Comparable {
    /// Whether a job was enqueued before another.
    public static func < (left: JobID, right: JobID) -> Bool { left.rawValue < right.rawValue }
}

extension JobID: CustomStringConvertible {
    /// The number in decimal digits.
    public var description: String { String(rawValue) }
}

extension JobID: ExpressibleByIntegerLiteral {
    /// The job of a number, whether there is one or not.
    public init(integerLiteral number: UInt64) {
        self.init(rawValue: number)
    }
}
