// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BerthStore

@Suite("Whether a holder lives")
struct HolderStatusTests {
    private let here = Holder.Surroundings(
        boot: "boot-a", pidNamespace: 11, timeNamespace: 22, host: "anna")

    private func holder(
        boot: String = "boot-a", pidNamespace: UInt64 = 11, timeNamespace: UInt64 = 22,
        host: String = "anna", instance: UInt64? = nil
    ) -> Holder {
        Holder(
            process: 7, start: 100, instance: instance,
            surroundings: Holder.Surroundings(
                boot: boot, pidNamespace: pidNamespace, timeNamespace: timeNamespace, host: host))
    }

    private func facts(
        start: UInt64 = 100, state: Character = "S", instance: UInt64? = nil
    ) -> ProcessObservation {
        .found(
            ProcessFacts(
                start: start, parent: 1, state: state.asciiValue ?? 0, threads: 1,
                instance: instance))
    }

    private func status(_ holder: Holder, _ observation: ProcessObservation) -> HolderStatus {
        HolderStatus.of(holder, from: here) { process in
            process == 7 ? observation : .missing
        }
    }

    @Test func sameProcessIsAlive() {
        #expect(status(holder(), facts()) == .alive)
        #expect(status(holder(), facts(state: "T")) == .alive)
    }

    @Test func missingProcessIsDead() {
        #expect(status(holder(), .missing) == .dead)
    }

    @Test func zombieIsDead() {
        #expect(status(holder(), facts(state: "Z")) == .dead)
    }

    @Test func reusedNumberIsDead() {
        #expect(status(holder(), facts(start: 101)) == .dead)
    }

    @Test func reusedNumberOfTheSameTickIsDead() {
        #expect(status(holder(instance: 5), facts(instance: 6)) == .dead)
        #expect(status(holder(instance: 5), facts(instance: 5)) == .alive)
        #expect(status(holder(instance: 5), facts()) == .alive)
    }

    @Test func unreadableProcessIsUnknown() {
        #expect(status(holder(), .unreadable) == .unknown)
    }

    @Test func earlierBootIsDead() {
        #expect(status(holder(boot: "boot-b"), facts()) == .dead)
    }

    @Test func anotherMachineIsUnknown() {
        #expect(status(holder(boot: "boot-b", host: "bert"), .missing) == .unknown)
    }

    @Test func renamedMachineOfTheSameBootIsComparedAsEver() {
        #expect(status(holder(host: "bert"), facts()) == .alive)
        #expect(status(holder(host: "bert"), .missing) == .dead)
    }

    @Test func anotherPidNamespaceIsUnknown() {
        #expect(status(holder(pidNamespace: 12), .missing) == .unknown)
        #expect(status(holder(pidNamespace: 12), facts(start: 1)) == .unknown)
    }

    @Test func anotherTimeNamespaceMakesStartTimesIncomparable() {
        #expect(status(holder(timeNamespace: 23), facts(start: 1)) == .unknown)
        #expect(status(holder(timeNamespace: 23), .missing) == .dead)
        #expect(status(holder(timeNamespace: 23), facts(state: "Z")) == .dead)
    }

    @Test func recordKeepsEveryMember() throws {
        let original = holder(instance: 1 << 40)
        var writer = JSONWriter()
        writer.beginObject()
        original.write(to: &writer)
        writer.endObject()
        let fields = try #require(JSONFields(writer.bytes))
        #expect(Holder(fields) == original)
    }

    @Test(
        arguments: [
            #"{"pid":7}"#, #"{"pid":0,"start":1,"boot":"b","pidns":1,"timens":1,"host":""}"#,
        ])
    func damagedRecordIsNoHolder(text: String) throws {
        let fields = try #require(JSONFields(Array(text.utf8)))
        #expect(Holder(fields) == nil)
    }
}
