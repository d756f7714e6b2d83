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
            ("0000000000000010.np", Ticket(number: 10, mode: .slots, isForProcess: true)),
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
            "-00000000000007.x",
        ])
    func otherNamesAreNoTickets(name: String) {
        if case .ticket = LockFolderEntry(name) { Issue.record("a ticket: \(name)") }
    }

    @Test func companionsAndNewbornsAreTold() {
        #expect(LockFolderEntry("0000000000000007.bell") == .companion(7))
        #expect(LockFolderEntry("0000000000000007.json") == .companion(7))
        #expect(LockFolderEntry("00000000deadbeef.new") == .newborn)
    }

    @Test func exclusiveWaitsForAllEarlierOnesTheNearestFirst() {
        let line = [ticket(3), ticket(9), ticket(5, .shared), ticket(4, .foreign(113)), ticket(7)]
        #expect(ticket(7).conflicting(among: line).map(\.number) == [5, 4, 3])
    }

    @Test func sharedWaitsForExclusiveOnesOnly() {
        let line = [ticket(3), ticket(4, .shared), ticket(5, .slots)]
        #expect(ticket(7, .shared).conflicting(among: line).map(\.number) == [5, 3])
    }
}
