// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// A port that is set aside for a directory and a tag, until it is released.
public struct PortReservation: Hashable, Sendable {
    /// The port, of TCP and UDP alike.
    public let port: Int
    /// The absolute path of the directory that the port is for. Nothing has
    /// to be there.
    public let path: String
    /// Tells several ports of one directory apart; nil for the one without.
    public let tag: String?
    /// When it was made, in milliseconds since 1970.
    public let created: Int64
    /// When it was last asked for, in milliseconds since 1970.
    public let used: Int64

    /// The same reservation, asked for again at a moment.
    func used(at moment: Int64) -> PortReservation {
        PortReservation(port: port, path: path, tag: tag, created: created, used: moment)
    }
}

// MARK: As a record

extension PortReservation {
    /// `{"port":5000,"path":"/home/me/app","tag":"web","created":…,"used":…}`
    package var json: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("port", port)
        writer.member("path", path)
        if let tag { writer.member("tag", tag) }
        writer.member("created", created)
        writer.member("used", used)
        writer.endObject()
        return writer.bytes
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
            (1...65_535).contains(port), let path = fields.string("path"),
            let created: Int64 = fields.integer("created"),
            let used: Int64 = fields.integer("used")
        else { return nil }
        self.init(
            port: port, path: path, tag: fields.string("tag"), created: created, used: used)
    }
}
