// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// A port that is set aside for a directory and a tag.
public struct PortReservation: Hashable, Sendable {
    /// The port, of TCP and UDP alike.
    public internal(set) var port: Int
    /// The absolute path of the directory that the port is for. Nothing has
    /// to be there.
    public internal(set) var path: String
    /// Tells several ports of one directory apart; nil for the one without.
    public let tag: String?
    /// What the directory belongs to, for people.
    public internal(set) var project: String?
    /// What is worked on there, for people.
    public internal(set) var task: String?
    /// When it was made, in milliseconds since 1970.
    public let created: Int64
    /// When it was last asked for, in milliseconds since 1970.
    public internal(set) var used: Int64
    /// What ends it.
    var terms = ReservationTerms()

    /// The process with which it ends; nil where it ends with none.
    public var process: Int32? { terms.holder?.process }
    /// Whether it was made for a limited time.
    public var isLeased: Bool { terms.lease != nil }

    /// Whether its directory is proven to be gone at this moment, so that a
    /// clean-up would end it.
    package var isLost: Bool { ReservationJudge.isGone(path) }

    var owner: PortOwner { PortOwner(normalized: path, tag: tag) }
}

// MARK: As a record

extension PortReservation {
    /// `{"port":5000,"path":"/home/me/app","tag":"web","created":…,"used":…}`
    package var json: [UInt8] {
        var writer = JSONWriter()
        write(to: &writer)
        return writer.bytes
    }

    /// Adds it as an object, with more members if there are any.
    package func write(
        to writer: inout JSONWriter, and more: (inout JSONWriter) -> Void = { _ in }
    ) {
        writer.beginObject()
        writer.member("port", port)
        writer.member("path", path)
        if let tag { writer.member("tag", tag) }
        if let project { writer.member("project", project) }
        if let task { writer.member("task", task) }
        writer.member("created", created)
        writer.member("used", used)
        terms.write(to: &writer)
        more(&writer)
        writer.endObject()
    }

    /// Reads a record.
    ///
    /// - Throws: `damaged` where it is not one of a reservation, or of another port.
    init(_ record: Record) throws(CoordinatorError) {
        guard let reservation = PortReservation(json: record.value),
            PortRecords.item(reservation.port) == record.key
        else {
            throw CoordinatorError(
                .damaged, "the record " + record.key.text + " is not one of a port's reservation")
        }
        self = reservation
    }

    /// Reads the JSON; nil where it is not that of a reservation.
    init?(json: [UInt8]) {
        guard let fields = JSONFields(json), let port: Int = fields.integer("port"),
            PortSet.all.contains(port), let path = fields.string("path"),
            let created: Int64 = fields.integer("created"),
            let used: Int64 = fields.integer("used"), let terms = ReservationTerms(fields)
        else { return nil }
        self.init(
            port: port, path: path, tag: fields.string("tag"), project: fields.string("project"),
            task: fields.string("task"), created: created, used: used, terms: terms)
    }
}
