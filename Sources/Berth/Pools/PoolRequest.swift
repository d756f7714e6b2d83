// SPDX-License-Identifier: Apache-2.0

/// A wish for items of a pool, for a directory.
public struct PoolRequest: Hashable, Sendable {
    let path: String
    let tag: String?
    let count: Int
    let wish: ReservationWish
    let idleDays: Int?

    /// Describes the items that are wanted, and until when. Without any of the
    /// ends below they are held until they are given back, or until the
    /// directory is gone.
    ///
    /// - Parameters:
    ///   - path: The directory that they are for, relative to the working
    ///     directory; that one itself where there is none.
    ///   - tag: Tells several holdings of one directory apart: 1 to 255 bytes
    ///     without control characters.
    ///   - count: How many: from 1.
    ///   - process: A process, with whose end they are free. It is part of
    ///     whose they are: another process of the directory has others. The
    ///     directory need not be there as long as it lives.
    ///   - length: How long they are held, the time included in which the
    ///     machine sleeps; a restart ends it.
    ///   - idleDays: After how many days they are free when nobody has asked
    ///     for them: from 1.
    /// - Throws: ``CoordinatorError`` with `invalid` where one of them is not valid.
    public init(
        for path: String? = nil, tag: String? = nil, count: Int = 1, process: Int32? = nil,
        lasting length: Duration? = nil, idleDays: Int? = nil
    ) throws(CoordinatorError) {
        self.path = try AbsolutePath.directory(path)
        self.tag = tag
        if let tag { try ReservationText.check(tag, "the tag") }
        if count < 1 {
            throw CoordinatorError(.invalid, "at least one item has to be taken")
        }
        if let process, process < 1 {
            throw CoordinatorError(.invalid, String(process) + " is no process")
        }
        if let length, length <= .zero {
            throw CoordinatorError(.invalid, "a lease lasts longer than nothing")
        }
        if let idleDays, !(1...100_000).contains(idleDays) {
            throw CoordinatorError(.invalid, "the days of idleness are 1 to 100000")
        }
        self.count = count
        self.idleDays = idleDays
        wish = ReservationWish(process: process, length: length)
    }
}

/// What somebody takes items by.
enum PoolClaim: Hashable, Sendable {
    /// A command or a program, which has them as long as its ticket lives.
    case ticket(UInt64, count: Int)
    case request(PoolRequest)

    var count: Int {
        switch self {
        case .ticket(_, let count): count
        case .request(let request): request.count
        }
    }
}
