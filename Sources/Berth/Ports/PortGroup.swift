// SPDX-License-Identifier: Apache-2.0

/// The services of a directory, each of which needs a port: what ports they
/// are to have beside each other, and under what names programs find them.
public struct PortGroup: Hashable, Sendable {
    /// One service of a group.
    public struct Service: Hashable, Sendable {
        /// The tag under which its port is reserved.
        public let tag: String
        /// How far its port lies above the lowest of the group.
        public let offset: Int
        /// The port to take instead, if it is free.
        public let preference: Int?
        /// The environment variable that tells the port.
        public let variable: String

        /// Describes a service.
        ///
        /// - Parameters:
        ///   - tag: 1 to 255 bytes without control characters.
        ///   - offset: 0 to 65534.
        ///   - preference: A port from 1 to 65535.
        ///   - variable: The name of a variable; without one it is made of the
        ///     tag: `web-api` is `WEB_API`.
        public init(
            _ tag: String, offset: Int = 0, preferring preference: Int? = nil,
            variable: String? = nil
        ) {
            self.tag = tag
            self.offset = offset
            self.preference = preference
            self.variable = variable ?? VariableName.derived(from: tag)
        }
    }

    /// In the order of their tags.
    public let services: [Service]
    /// The lowest port that the group may have; nil is that of the range.
    public let base: Int?

    /// Describes a group.
    ///
    /// - Parameters:
    ///   - services: At least one, with different tags, offsets and variables;
    ///     variables differ in more than the case of their letters.
    ///   - base: A port from 1 to 65535.
    /// - Throws: ``CoordinatorError`` with `invalid` where one of them is not valid.
    public init(_ services: [Service], base: Int? = nil) throws(CoordinatorError) {
        if let problem = Self.problem(services) {
            throw CoordinatorError(.invalid, problem.reason)
        }
        if let base { try PortRequest.check(base) }
        self.services = services.sorted { $0.tag.utf8.lexicographicallyPrecedes($1.tag.utf8) }
        self.base = base
    }

    /// Why services make no group, and which of them is to blame.
    struct Problem {
        let reason: String
        /// Its place among the services; 0 where there are none.
        let place: Int
    }

    static func problem(_ services: [Service]) -> Problem? {
        if services.isEmpty { return Problem(reason: "a group has no services", place: 0) }
        for (place, service) in services.enumerated() {
            let name = "the service " + service.tag
            if let reason = ReservationText.problem(service.tag) {
                return Problem(reason: "the name of a service " + reason, place: place)
            }
            if !(0...65_534).contains(service.offset) {
                return Problem(reason: name + " has an offset beyond 0 to 65534", place: place)
            }
            if let preference = service.preference, !PortSet.all.contains(preference) {
                return Problem(reason: name + " prefers what is no port", place: place)
            }
            if let reason = VariableName.problem(service.variable) {
                return Problem(
                    reason: name + " has a variable that " + reason + ": " + service.variable,
                    place: place)
            }
            for other in services[..<place] {
                let both = "the services " + other.tag + " and " + service.tag + " have the same "
                if other.tag == service.tag {
                    return Problem(reason: name + " is there twice", place: place)
                }
                if other.offset == service.offset {
                    return Problem(
                        reason: both + "offset, " + String(service.offset), place: place)
                }
                if VariableName.areAlike(other.variable, service.variable) {
                    return Problem(reason: both + "variable, " + service.variable, place: place)
                }
            }
        }
        return nil
    }

    /// Whether ports, one for each service, are as the group wants them: each
    /// is the preferred one, or lies by its offset above the same base, which is
    /// a port, and no lower than the group may lie.
    func fits(_ ports: [Int]) -> Bool {
        var found: Int?
        for (service, port) in zip(services, ports) where port != service.preference {
            let base = port - service.offset
            if let found, found != base { return false }
            found = base
        }
        return found.map { $0 >= base ?? PortSet.all.lowerBound } ?? true
    }
}
