// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Berth

@Suite("The line for a lock")
struct TicketTests {
    private func ticket(_ number: UInt64, _ mode: Ticket.Mode = .exclusive) -> Ticket {
        Ticket(number: number, mode: mode, isForProcess: false)
    }

    @Test(
        arguments: [
            ("0000000000000007.x", Ticket(number: 7, mode: .exclusive, isForProcess: false)),
            ("0000000000000008.xp", Ticket(number: 8, mode: .exclusive, isForProcess: true)),
            ("0000000000000009.s", Ticket(number: 9, mode: .shared, isForProcess: false)),
            ("0000000000000010.n64p", Ticket(number: 10, mode: .slots(64), isForProcess: true)),
            (
                "0000000000000012.xt",
                Ticket(number: 12, mode: .exclusive, isForProcess: false, isLease: true)
            ),
            (
                "0000000000000013.n1pt",
                Ticket(number: 13, mode: .slots(1), isForProcess: true, isLease: true)
            ),
            ("0000000000000014.n", Ticket(number: 14, mode: .foreign(110), isForProcess: false)),
            ("0000000000000011.q", Ticket(number: 11, mode: .foreign(113), isForProcess: false)),
        ])
    func nameTellsTheTicket(name: String, ticket: Ticket) {
        #expect(LockFolderEntry(name) == .ticket(ticket))
        #expect(ticket.fileName == name)
    }

    @Test(
        arguments: [
            "gate", "7.x", "0000000000000007.", "0000000000000007x", "000000000000000a.x",
            "0000000000000007.xq", "0000000000000007.X", "00000000000000007.x", "",
            "-00000000000007.x", "0000000000000007.n0", "0000000000000007.n65",
            "0000000000000007.n04", "0000000000000007.x4", "0000000000000007.xtp",
            "0000000000000007.s4p",
        ])
    func otherNamesAreNoTickets(name: String) {
        if case .ticket = LockFolderEntry(name) { Issue.record("a ticket: \(name)") }
    }

    @Test func companionsAndNewbornsAreTold() {
        #expect(LockFolderEntry("0000000000000007.bell") == .companion(7))
        #expect(LockFolderEntry("0000000000000007.json") == .companion(7))
        #expect(LockFolderEntry("00000000deadbeef.new") == .newborn)
    }

    // MARK: Turns

    /// What a contender does, of whose line some are dead.
    private func turn(_ own: Ticket, _ line: [Ticket], dead: [UInt64] = []) -> LockTurn {
        own.turn(among: line) { !dead.contains($0.number) }
    }

    @Test func exclusiveWatchesTheNearestThatLives() {
        let line = [ticket(3), ticket(9), ticket(5, .shared), ticket(4, .foreign(113)), ticket(7)]
        #expect(turn(ticket(7), line) == .wait([ticket(5, .shared)]))
        #expect(turn(ticket(7), line, dead: [5]) == .wait([ticket(4, .foreign(113))]))
        #expect(turn(ticket(7), line, dead: [3, 4, 5]) == .enter)
        #expect(turn(ticket(2), line) == .enter)
    }

    @Test func sharedWaitsForExclusiveOnesOnlyAndOvertakesNone() {
        let line = [ticket(3), ticket(4, .shared), ticket(5), ticket(6, .shared)]
        #expect(turn(ticket(7, .shared), line) == .wait([ticket(5)]))
        #expect(turn(ticket(4, .shared), line) == .wait([ticket(3)]))
        #expect(turn(ticket(7, .shared), line, dead: [5]) == .wait([ticket(3)]))
        #expect(turn(ticket(7, .shared), line, dead: [3, 5]) == .enter)
        #expect(turn(ticket(5), line, dead: [3]) == .wait([ticket(4, .shared)]))
    }

    @Test func aliveIsAskedOfNoMoreThanNeedBe() {
        let line = (1...9).map { ticket($0, $0 % 2 == 0 ? .shared : .exclusive) }
        var asked: [UInt64] = []
        let turn = ticket(10, .shared).turn(among: line) { earlier in
            asked.append(earlier.number)
            return earlier.number < 8
        }
        #expect(turn == .wait([ticket(7)]))
        #expect(asked == [9, 7])
    }

    @Test(arguments: 1...4)
    func slotsLetInAsManyAsThereAre(count: Int) {
        let line = (1...9).map { ticket($0, .slots(count)) }
        for (index, own) in line.enumerated() {
            let expected: LockTurn =
                index < count
                ? .enter
                : index == count
                    ? .wait(Array(line[..<index].reversed())) : .wait([line[index - 1]])
            #expect(turn(own, line) == expected)
        }
        // The dead take none.
        #expect(turn(line[count], line, dead: [1]) == .enter)
    }

    @Test(
        arguments: [
            (.slots(4), .exclusive), (.slots(4), .shared), (.exclusive, .slots(4)),
            (.shared, .slots(1)), (.slots(4), .slots(5)), (.slots(1), .exclusive),
        ] as [(Ticket.Mode, Ticket.Mode)])
    func modesThatContradictAreRefusedWhileOneLives(own: Ticket.Mode, other: Ticket.Mode) {
        #expect(turn(ticket(7, own), [ticket(3, other)]) == .refused(ticket(3, other)))
        #expect(turn(ticket(7, own), [ticket(3, other)], dead: [3]) == .enter)
        #expect(turn(ticket(7, own), [ticket(8, other)]) == .enter)
    }

    /// Whatever the line and whoever has died, those that are in may be in
    /// together, and somebody always is.
    @Test func linesOfAllModesAreSafeAndGoOn() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<2000 {
            let slots = Int.random(in: 0...3, using: &generator)
            let line = (1...8).map { number in
                ticket(
                    number,
                    slots > 0
                        ? .slots(slots)
                        : Bool.random(using: &generator) ? .shared : .exclusive)
            }
            let dead = line.map(\.number).filter { _ in Bool.random(using: &generator) }
            let live = line.filter { !dead.contains($0.number) }
            let inside = live.filter { turn($0, line, dead: dead) == .enter }
            #expect(inside.isEmpty == live.isEmpty)
            if slots > 0 {
                #expect(inside == Array(live.prefix(slots)))
            } else {
                #expect(inside.count <= 1 || inside.allSatisfy { $0.mode == .shared })
            }
        }
    }
}
