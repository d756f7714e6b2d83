// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Items of a pool that somebody has: until they are given back, or until one
/// of the ends has come that it was made with.
public struct PoolHolding: Hashable, Sendable {
    /// The name of the pool.
    public let pool: String
    /// The items, in the order of the pool.
    public internal(set) var items: [String]
    /// The absolute path of the directory that they are for; nil where they
    /// are held by a running command or program.
    public let path: String?
    /// Tells several holdings of one directory apart; nil for the one without.
    public let tag: String?
    /// When they were taken, in milliseconds since 1970.
    public let created: Int64
    /// When they were last asked for, in milliseconds since 1970.
    public internal(set) var used: Int64

    /// The sign of the command or program that has them; nil where the record
    /// alone says so.
    let sign: PoolSign?
    /// The process with which they are free, and their lease.
    var terms: ReservationTerms
    /// The days after which they are free when nobody asks for them.
    var idleDays: Int?
    /// Whether they are free when the directory is gone. One that was not
    /// there when they were taken says nothing by its absence.
    var followsDirectory: Bool

    /// The process for which they were taken; nil where it is for none.
    public var process: Int32? { terms.holder?.process }
    /// Whether they are held for a length of time only.
    public var isLeased: Bool { terms.lease != nil }

    var owner: PoolOwner {
        if let sign { return .sign(sign) }
        return .directory(path: path ?? "", tag: tag, holder: terms.holder)
    }

    /// Who has them, for messages.
    var description: String {
        guard let path else { return "a running command" }
        let label = tag.map { path + " with the tag " + $0 } ?? path
        return process.map { "process " + String($0) + " for " + label } ?? label
    }
}

// MARK: As a record

extension PoolHolding {
    /// `{"pool":"gpu","items":["gpu0"],"path":"/home/me/app","created":…,"used":…}`
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("pool", pool)
        writer.member("items", items)
        if let path { writer.member("path", path) }
        if let tag { writer.member("tag", tag) }
        sign?.write(to: &writer)
        writer.member("created", created)
        writer.member("used", used)
        terms.write(to: &writer)
        if let idleDays { writer.member("idle", idleDays) }
        if followsDirectory { writer.member("follows", true) }
        writer.endObject()
        return writer.bytes
    }

    /// Reads a record.
    ///
    /// - Throws: `damaged` where it is not one of a holding, or of another one.
    init(_ record: Record) throws(CoordinatorError) {
        guard let fields = JSONFields(record.value), let pool = fields.string("pool"),
            let name = try? PoolName(pool),
            let items = fields.strings("items"), !items.isEmpty,
            let created: Int64 = fields.integer("created"),
            let used: Int64 = fields.integer("used"), let terms = ReservationTerms(fields)
        else { throw Self.damaged(record) }
        self.init(
            pool: pool, items: items, path: fields.string("path"), tag: fields.string("tag"),
            created: created, used: used, sign: PoolSign(fields), terms: terms,
            idleDays: fields.integer("idle"),
            followsDirectory: fields.bool("follows") ?? false)
        guard PoolRecords.holding(of: name, by: owner) == record.key else {
            throw Self.damaged(record)
        }
    }

    private static func damaged(_ record: Record) -> CoordinatorError {
        CoordinatorError(
            .damaged, "the record " + record.key.text + " is not one of items that are held")
    }
}
