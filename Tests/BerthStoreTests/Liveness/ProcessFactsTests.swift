// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BerthStore

@Suite("What the kernel says of a process")
struct ProcessFactsTests {
    private func facts(
        name: String = "sh", state: String = "S", threads: Int = 1
    ) -> ProcessFacts? {
        let fields = "1 1 0 -1 4194560 96 0 0 0 0 0 0 0 20 0 \(threads) 0 777 2400 1"
        return ProcessFacts(stat: Array("42 (\(name)) \(state) 7 \(fields)\n".utf8))
    }

    @Test(arguments: ["sh", "a b", ") R 1 (", "(", "", "))) S"])
    func nameOfTheCommandDoesNotShiftTheFields(name: String) throws {
        let facts = try #require(self.facts(name: name))
        #expect(facts.parent == 7)
        #expect(facts.start == 777)
        #expect(facts.state == UInt8(ascii: "S"))
    }

    @Test(arguments: [("Z", 1, true), ("X", 1, true), ("Z", 3, false), ("S", 1, false)])
    func zombieIsOneWithoutLivingThreads(state: String, threads: Int, isZombie: Bool) throws {
        #expect(try #require(facts(state: state, threads: threads)).isZombie == isZombie)
    }

    @Test(arguments: ["", "42", "42 (sh", "42 (sh) S 7", "42 (sh) S x 1 1 1 1 1 1 1 1 1 1 1 1 1"])
    func otherTextIsNothing(text: String) {
        #expect(ProcessFacts(stat: Array(text.utf8)) == nil)
    }

    @Test func ownProcessIsFound() throws {
        let own = try #require(ProcessTable.observeSelf())
        guard case .found(let facts) = ProcessTable.observe(CurrentProcess.identifier) else {
            Issue.record("the own process is not found")
            return
        }
        #expect(facts.start == own.start)
        #expect(!facts.isZombie)
    }

    @Test func numberBeyondAllProcessesIsMissing() {
        #expect(ProcessTable.observe(Int32.max) == .missing)
    }

    @Test func bootHasAnIdentifier() throws {
        let boot = try MachineIdentity.bootID()
        #expect(boot.utf8.count == 36)
        #expect(boot == (try MachineIdentity.bootID()))
    }
}
