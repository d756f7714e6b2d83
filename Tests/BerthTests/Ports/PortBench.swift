// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport

@testable import Berth

/// A store of its own, and a machine on which a test says what is so: the
/// time, which ports are in use, which directories are gone, which processes live.
final class PortBench {
    let store: TemporaryStore
    let berth: Coordinator
    var now: Int64 = 1_000_000_000_000
    /// Nanoseconds since the boot.
    var sinceBoot: UInt64 = 1_000_000_000
    var boot = "this-boot"
    var occupied: Set<Int> = []
    var gone: Set<String> = []
    var dead: Set<Int32> = []

    static var day: Int64 { 86_400_000 }

    init() throws {
        store = try TemporaryStore()
        berth = try Coordinator.open(at: store.path, durability: .process)
    }

    private var here: Holder.Surroundings {
        Holder.Surroundings(boot: boot, pidNamespace: 1, timeNamespace: 1, host: "here")
    }

    func holder(_ process: Int32) -> Holder {
        Holder(process: process, start: 7, instance: nil, surroundings: here)
    }

    var judge: ReservationJudge {
        ReservationJudge(
            now: now, sinceBoot: sinceBoot,
            surroundings: { [here] () throws(SystemError) in here },
            observe: { [dead] process in
                if dead.contains(process) { return .missing }
                return .found(
                    ProcessFacts(
                        start: 7, parent: 1, state: UInt8(ascii: "S"), threads: 1, instance: nil))
            },
            isGone: { [gone] in gone.contains($0) })
    }

    @discardableResult
    func perform(_ operation: PortOperation) throws -> PortPlan {
        try berth.transaction { transaction in
            try transaction.perform(operation, self.judge) { port, occupancy in
                occupancy.isChecked && self.occupied.contains(port)
            }
        }
    }

    func reserve(_ request: PortRequest) throws -> PortReservation {
        let plan = try perform(.reserve(request))
        guard let reservation = plan.reservations.first else {
            throw CoordinatorError(.notFound, "nothing was reserved")
        }
        return reservation
    }

    /// A wish with some of its settings changed.
    func reserve(
        _ path: String, tag: String? = nil, preferring preference: Int? = nil,
        in range: ClosedRange<Int> = 10...13, _ change: (inout PortRequest) -> Void = { _ in }
    ) throws -> PortReservation {
        var request = try PortRequest(for: path, tag: tag, preferring: preference, in: range)
        change(&request)
        return try reserve(request)
    }

    /// Gives a reservation the terms of a process of this machine.
    func hold(_ reservation: PortReservation, _ process: Int32) throws {
        try setTerms(of: reservation, ReservationTerms(holder: holder(process)))
    }

    func setTerms(of reservation: PortReservation, _ terms: ReservationTerms) throws {
        var changed = reservation
        changed.terms = terms
        try berth.store.write("test") { base in
            try base.set(PortRecords.item(reservation.port), changed.json)
        }
    }

    /// The ports that are on record, with whose they are.
    func ports() throws -> [Int: String] {
        try berth.store.read { view in
            var ports: [Int: String] = [:]
            try PortLedger(Transaction(view), judge).visit { reservation in
                ports[reservation.port] = reservation.owner.description
            }
            return ports
        }
    }

    /// That the three kinds of records agree.
    func contradictions() throws -> [String] {
        try berth.store.read { view in
            let base = Transaction(view)
            let ledger = PortLedger(base, judge)
            var problems: [String] = []
            var ports = PortSet()
            try ledger.visit { reservation in
                ports.insert(reservation.port)
                if try ledger.record(of: reservation.owner) != reservation {
                    problems.append("no owner of \(reservation.port)")
                }
            }
            if try TakenPorts(base).ports != ports { problems.append("stretches differ") }
            var owners = 0
            try view.forEach(prefix: "ports/owner/") { _ in
                owners += 1
                return true
            }
            if owners != ports.count(in: PortSet.all) { problems.append("\(owners) owners") }
            return problems
        }
    }
}
