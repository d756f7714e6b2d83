// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Something that can be done to the reserved ports, to be planned or performed.
public struct PortOperation: Sendable {
    enum Kind: Sendable {
        case reserve(PortRequest)
        case reserveGroup(PortGroupRequest)
        case release(PortSelection)
        case clean(PortCleanup)
        case cleanAmong(PortCleanup, [Int])
        case migrate(PortMigration)
    }

    let kind: Kind

    /// Reserves a port, or renews the reservation that is there.
    public static func reserve(_ request: PortRequest) -> PortOperation {
        PortOperation(kind: .reserve(request))
    }

    /// Reserves the ports of a group, or renews the reservations that are there.
    public static func reserve(_ request: PortGroupRequest) -> PortOperation {
        PortOperation(kind: .reserveGroup(request))
    }

    /// Gives ports back.
    public static func release(_ selection: PortSelection) -> PortOperation {
        PortOperation(kind: .release(selection))
    }

    /// Ends reservations that nobody needs any more.
    public static func clean(_ cleanup: PortCleanup) -> PortOperation {
        PortOperation(kind: .clean(cleanup))
    }

    /// Gives the reservations of one directory to another.
    public static func migrate(_ migration: PortMigration) -> PortOperation {
        PortOperation(kind: .migrate(migration))
    }

    /// As the journal tells it.
    var name: String {
        switch kind {
        case .reserve: "port.reserve"
        case .reserveGroup: "port.reserve-group"
        case .release: "port.release"
        case .clean, .cleanAmong: "port.clean"
        case .migrate: "port.migrate"
        }
    }

    /// What is asked for, as bytes: equal for equal requests.
    var request: [UInt8] {
        switch kind {
        case .reserve(let request): request.owner.name
        case .reserveGroup(let request): Array(request.path.utf8)
        case .release(let selection): selection.name
        case .clean, .cleanAmong: []
        case .migrate(let migration):
            Array(migration.source.utf8) + [0] + Array(migration.target.utf8)
        }
    }

    /// Whether it gives something back and takes nothing.
    var isEssential: Bool {
        switch kind {
        case .release, .clean, .cleanAmong: true
        case .reserve, .reserveGroup, .migrate: false
        }
    }

    /// Whether it reserves what is not there yet, and so may make a store.
    var makesStore: Bool {
        switch kind {
        case .reserve, .reserveGroup: true
        case .release, .clean, .cleanAmong, .migrate: false
        }
    }

    /// Checks what was set after a request was made, before a store is made
    /// or its lock is taken.
    func validate() throws(CoordinatorError) {
        switch kind {
        case .reserve(let request): try request.validate()
        case .reserveGroup(let request): try request.validate()
        case .release, .clean, .cleanAmong, .migrate: break
        }
    }

    /// Does it in a ledger.
    func perform(_ ledger: inout PortLedger, _ isOccupied: PortOccupation) throws {
        switch kind {
        case .reserve(let request):
            _ = try ledger.reserve(request) { try isOccupied($0, request.occupancy) }
        case .reserveGroup(let request):
            _ = try ledger.reserve(request) { try isOccupied($0, request.occupancy) }
        case .release(let selection): try ledger.release(selection)
        case .clean(let cleanup): try ledger.clean(cleanup)
        case .cleanAmong(let cleanup, let ports): try ledger.clean(cleanup, among: ports)
        case .migrate(let migration): try ledger.migrate(migration)
        }
    }
}

/// Tells whether a program uses a port.
typealias PortOccupation = (_ port: Int, _ occupancy: PortOccupancy) throws -> Bool

extension PortOccupancy {
    /// Whether a program of this machine uses a port.
    static func isOccupied(_ port: Int, _ occupancy: PortOccupancy) throws -> Bool {
        guard occupancy.isChecked else { return false }
        do throws(SystemError) {
            return try occupancy.probes.isOccupied(port)
        } catch {
            throw CoordinatorError.system("cannot tell which ports are in use", error)
        }
    }
}
