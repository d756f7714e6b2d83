// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The reserved ports as one transaction sees and changes them.
///
/// It works on a transaction of its own and notes what it changes, so that one
/// and the same code makes a plan and carries it out: a plan is what a ledger
/// has noted whose transaction is thrown away. A ledger that throws leaves the
/// transaction that it was made from as it was.
struct PortLedger {
    var base: Transaction
    private(set) var plan = PortPlan()
    let judge: ReservationJudge
    /// Which ports are reserved; read when it is first needed.
    private var taken: TakenPorts?

    init(_ base: Transaction, _ judge: ReservationJudge) {
        self.base = base
        self.judge = judge
    }

    /// The transaction with the changes in it, and what they are.
    func finished() throws -> (base: Transaction, plan: PortPlan) {
        var changed = base
        if var taken { try taken.write(to: &changed) }
        return (changed, plan)
    }

    // MARK: Looking

    /// The reservation of an owner, at its end or not; nil where there is none.
    func record(of owner: PortOwner) throws -> PortReservation? {
        let name = owner.record
        guard let port = try base.record(name) else { return nil }
        guard let number = Int(decimal: port.value[...]),
            let record = try base.record(PortRecords.item(number))
        else {
            throw CoordinatorError(
                .damaged, "the record " + name.text + " names a port that is not reserved")
        }
        let reservation = try PortReservation(record)
        guard reservation.owner == owner else {
            throw CoordinatorError(
                .damaged, "the record " + name.text + " names the port of another directory")
        }
        return reservation
    }

    /// The reservation of a port, at its end or not; nil where there is none.
    func record(of port: Int) throws -> PortReservation? {
        guard PortSet.all.contains(port) else { return nil }
        return try base.record(PortRecords.item(port)).map { try PortReservation($0) }
    }

    /// Every reservation of a range of ports, in ascending order.
    func visit(
        in range: ClosedRange<Int> = PortSet.all, _ body: (PortReservation) throws -> Void
    ) throws {
        let first = PortRecords.item(range.lowerBound)
        try base.forEach(prefix: PortRecords.items, from: first) { record in
            guard let port = PortRecords.port(record.key), port <= range.upperBound else {
                return false
            }
            try body(try PortReservation(record))
            return true
        }
    }

    /// Which ports are reserved, as far as the records of stretches tell.
    mutating func takenPorts() throws -> PortSet {
        try loadedTaken().ports
    }

    /// The same from the reservations themselves: O(n) in their number.
    mutating func rebuildTakenPorts() throws {
        var index = try loadedTaken()
        try index.rebuild(base)
        taken = index
    }

    private mutating func loadedTaken() throws -> TakenPorts {
        if let taken { return taken }
        let loaded = try TakenPorts(base)
        taken = loaded
        return loaded
    }

    // MARK: Changing

    /// Reserves a port that was chosen: one whose own record is not there, as
    /// this transaction has seen.
    mutating func add(_ reservation: PortReservation) throws {
        try put(reservation)
        plan.changes.append(.reserved(reservation))
    }

    /// Notes that a reservation was asked for, and what that changes of it.
    mutating func renew(_ reservation: PortReservation) throws {
        try base.set(PortRecords.item(reservation.port), reservation.json)
        plan.changes.append(.renewed(reservation))
    }

    mutating func end(_ reservation: PortReservation, because reason: ReservationEnd) throws {
        try takeOut(reservation)
        plan.changes.append(.ended(reservation, because: reason))
    }

    /// Gives reservations another port, or another directory. All leave before
    /// the first arrives, so that one may take the place of another.
    mutating func move(_ moves: [(from: PortReservation, to: PortReservation)]) throws {
        let grouped = try moves.map { try isInGroup($0.from) }
        for (before, _) in moves { try takeOut(before) }
        for (place, (before, after)) in moves.enumerated() {
            try put(after)
            if grouped[place] { try joinGroup(after) }
            plan.changes.append(.moved(from: before, to: after))
        }
    }

    private mutating func put(_ reservation: PortReservation) throws {
        try base.set(PortRecords.item(reservation.port), reservation.json)
        try base.set(reservation.owner.record, PortRecords.value(reservation.port))
        _ = try loadedTaken()
        taken?.insert(reservation.port)
    }

    private mutating func takeOut(_ reservation: PortReservation) throws {
        base.delete(PortRecords.item(reservation.port))
        base.delete(reservation.owner.record)
        _ = try loadedTaken()
        taken?.remove(reservation.port)
        try leaveGroup(reservation)
    }
}
