// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import Berth

@Suite("Events")
struct EventTests {
    private let event = Coordinator.Event(
        .lockAcquired,
        [
            .text("lock", "a"), .number("token", 3), .duration("waited", .microseconds(1_012_003)),
            .text("command", "sh -c \"x\"\n"),
        ], at: 1700)

    @Test func eventIsAnObjectOfJSON() {
        #expect(
            event.json
                == #"{"event":"lock.acquired","at":1700,"lock":"a","token":3,"waited":1.012003,"#
                + #""command":"sh -c \"x\"\n"}"#)
    }

    @Test func eventIsALineForPeople() {
        #expect(
            event.description
                == "lock.acquired lock=a token=3 waited=1.012003s command=\"sh -c \"x\"\n\"")
    }

    @Test func detailsAreFoundByName() {
        #expect(event["token"] == .number(3))
        #expect(event["waited"] == .duration(.microseconds(1_012_003)))
        #expect(event["pid"] == nil)
    }

    @Test func nothingIsMadeWhereNobodyListens() {
        EventReporter().report(.lockBusy, [{ fatalError("made for nobody") }()])
    }

    @Test func handlerHearsWhatIsReported() {
        let heard = Mutex([Coordinator.Event.Kind]())
        let reporter = EventReporter { event in heard.withLock { $0.append(event.kind) } }
        #expect(reporter.isHeard)
        reporter.report(.lockBusy, [])
        reporter.report(Coordinator.Event.Kind(rawValue: "job.done"), [])
        #expect(heard.withLock { $0.map(\.rawValue) } == ["lock.busy", "job.done"])
    }
}
