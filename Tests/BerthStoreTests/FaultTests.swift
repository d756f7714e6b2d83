// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

/// Each call that a few operations make fails, once or for ever: what is told
/// to the caller is true, and the next one finds a whole store.
@Suite struct FaultTests {
    /// What goes wrong, and of which calls.
    enum Kind: String, CaseIterable, Sendable {
        case inputOutput, noSpace, noDescriptors, readOnly, denied, short, gone

        var effect: Fault.Effect {
            switch self {
            case .inputOutput: .fails(.inputOutput)
            case .noSpace: .fails(.noSpace)
            case .noDescriptors: .fails(.processFilesExhausted)
            case .readOnly: .fails(.readOnlyFileSystem)
            case .denied: .fails(.accessDenied)
            case .short: .short
            case .gone: .dies
            }
        }
    }

    @Test(arguments: Kind.allCases, [false, true])
    func failedCallLeavesAWholeStore(kind: Kind, isSticky: Bool) throws {
        for durability in [Durability.full, .strict, .process] {
            for start in [StartingStore.nothing, .tail, .runs] {
                try fail(
                    kind, isSticky: isSticky, start, [.many, .big, .rotation], durability)
            }
        }
    }

    /// A merge, and the rotation that names what it made.
    @Test(arguments: Kind.allCases, [false, true])
    func failedCallInAMergeLeavesAWholeStore(kind: Kind, isSticky: Bool) throws {
        try fail(kind, isSticky: isSticky, .mergeableAbove, [.merge], .full)
        try fail(kind, isSticky: isSticky, .merged, [.rotation], .full)
    }

    private func fail(
        _ kind: Kind, isSticky: Bool, _ start: StartingStore, _ operations: [Operation],
        _ durability: Durability
    ) throws {
        let (state, model) = try start.make(durability)
        for operation in operations {
            let trial = Trial(
                state: state, model: model, operation: operation, durability: durability)
            var index = 1
            while try trial.run(Fault(kind.effect, at: index, isSticky: isSticky)) {
                index += 1
            }
            #expect(index > 5, "\(start.rawValue), \(operation.rawValue)")
        }
    }

    /// One operation, with one fault in it.
    private struct Trial {
        let state: DiskState
        let model: StoreModel
        let operation: Operation
        let durability: Durability

        /// Returns whether the fault befell anything.
        func run(_ fault: Fault) throws -> Bool {
            let disk = SimulatedDisk(state)
            let process = SimulatedProcess(on: disk, faults: [fault])
            let after = operation.applied(to: model, salt: 9)
            var allowed = [after]
            do {
                let store = Store.simulated(
                    process, durability: durability, limits: operation.limits)
                do {
                    try operation.run(on: store, salt: 9)
                } catch let error as StoreError {
                    let isOpen = error.code == .indeterminate || fault.effect == .dies
                    allowed = isOpen ? [model, after] : [model]
                    if fault.effect == .dies { process.kill() }
                }
                // The same handle goes on as soon as nothing goes wrong any more.
                if fault.effect != .dies {
                    process.heal()
                    check(try store.allRecords(), allowed, "the same handle", process)
                }
            }
            let name = "\(fault) in \(operation.rawValue), \(durability.rawValue)"
            #expect(disk.openDescriptors == 0, "\(name): \(disk.openNames)")
            #expect(disk.violations.isEmpty, "\(name): \(disk.violations)")
            check(
                try Store.simulated(on: disk, durability: durability).allRecords(), allowed,
                "another process", process)
            if durability != .process {
                check(
                    try Store.simulated(
                        on: SimulatedDisk(disk.state.afterWorstPowerCut), boot: 2,
                        durability: durability
                    ).allRecords(), allowed, "after a power cut", process)
            }
            return process.hasMetFault
        }

        private func check(
            _ found: [Record], _ allowed: [StoreModel], _ who: String, _ process: SimulatedProcess
        ) {
            let isRight = allowed.contains { $0.sorted() == found }
            #expect(
                isRight,
                """
                \(operation.rawValue), \(durability.rawValue), \(who): \
                \(Expectation.text(found)) is not \
                \(allowed.map { Expectation.text($0.sorted()) }) after \
                \(process.log.joined(separator: ", "))
                """)
        }
    }
}
