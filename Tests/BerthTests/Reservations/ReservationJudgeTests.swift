// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@testable import Berth

@Suite("Whether a reservation has ended")
struct ReservationJudgeTests {
    @Test func aDirectoryIsGoneWhereItsNameLeadsNowhere() throws {
        let store = try TemporaryStore()
        let place = try store.makeDirectory("place")
        #expect(!ReservationJudge.isGone(place))
        #expect(ReservationJudge.isGone(place + "/none"))
        #expect(ReservationJudge.isGone(place + "/none/deeper"))
        // Below a file there is nothing.
        try Data().write(to: URL(fileURLWithPath: place + "/file"))
        #expect(ReservationJudge.isGone(place + "/file/below"))
        #expect(!ReservationJudge.isGone(place + "/file"))
        let files = FileManager.default
        try files.createSymbolicLink(atPath: place + "/lost", withDestinationPath: "none")
        #expect(ReservationJudge.isGone(place + "/lost"))
    }

    @Test func whatCannotBeLookedAtIsNotGone() throws {
        let store = try TemporaryStore()
        let place = try store.makeDirectory("place")
        let files = FileManager.default
        try files.createSymbolicLink(atPath: place + "/one", withDestinationPath: "other")
        try files.createSymbolicLink(atPath: place + "/other", withDestinationPath: "one")
        #expect(!ReservationJudge.isGone(place + "/one"))
        #expect(!ReservationJudge.isGone(place + "/one/below"))
        #expect(!ReservationJudge.isGone(place + "/" + String(repeating: "x", count: 300)))
        // Root may look everywhere.
        if geteuid() != 0 {
            let closed = try store.makeDirectory("closed/inner")
            chmod(store.directory + "/closed", 0)
            #expect(!ReservationJudge.isGone(closed))
            chmod(store.directory + "/closed", 0o700)
        }
    }

    @Test func anotherBootEndsALeaseAndAnotherClockSaysNothing() throws {
        let bench = try PortBench()
        var terms = ReservationTerms()
        terms.lease = ReservationLease(boot: "another", timeNamespace: 1, end: .max)
        #expect(try bench.judge.end(of: terms) == .leaseEnded)
        terms.lease = ReservationLease(boot: bench.boot, timeNamespace: 2, end: 0)
        #expect(try bench.judge.end(of: terms) == nil)
    }
}
