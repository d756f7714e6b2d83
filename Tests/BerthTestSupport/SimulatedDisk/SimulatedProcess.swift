// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// One process on a simulated disk: what the engine takes for the kernel.
///
/// `@unchecked Sendable`: everything mutable is touched with the disk locked.
package final class SimulatedProcess: @unchecked Sendable {
    package let disk: SimulatedDisk
    /// Each process sees the disk under a number of its own: what it has open
    /// can never be taken for what another has.
    let device: UInt64
    private var faults: [Fault]
    private var counts: [SimulatedCall: Int] = [:]
    private var total = 0
    private var trace: [String] = []
    private var wasFaulty = false
    /// How often in a row a description was refused its lock.
    private var refusals: [Int32: Int] = [:]

    package init(on disk: SimulatedDisk, faults: [Fault] = []) {
        self.disk = disk
        self.faults = faults
        device = disk.makeDevice()
    }

    // MARK: What a test asks

    /// Stands for its number among the processes of the machine.
    package var identifier: Int32 { 1000 + Int32(device) }

    /// How many calls it has made.
    package var calls: Int { disk.withState { _ in total } }

    /// How many calls of a kind it has made.
    package func calls(_ call: SimulatedCall) -> Int {
        disk.withState { _ in counts[call] ?? 0 }
    }

    /// Its calls, in order, for people to read.
    package var log: [String] { disk.withState { _ in trace } }

    /// Whether any of its faults has befallen it.
    package var hasMetFault: Bool { disk.withState { _ in wasFaulty } }

    /// Adds a fault, counted from now on.
    package func add(_ fault: Fault) {
        disk.withState { _ in
            var fault = fault
            fault.index += fault.call.map { counts[$0] ?? 0 } ?? total
            faults.append(fault)
        }
    }

    /// From here on nothing goes wrong any more.
    package func heal() {
        disk.withState { _ in faults = [] }
    }

    /// Ends as by SIGKILL: its descriptors are closed, its locks free.
    package func kill() {
        disk.withState { _ in vanish() }
    }

    /// Whether it has ended.
    package var isDead: Bool { disk.withState { _ in isGone } }

    private func vanish() {
        let own = ObjectIdentifier(self)
        disk.descriptions = disk.descriptions.filter { $0.value.process != own }
        faults = [Fault(.dies, at: 0)]
        disk.monitor.broadcast()
    }

    /// Waits for the blink in which another may finish.
    package func pause() {
        disk.director?.pause(of: self)
    }

    // MARK: Every call

    /// Counts a call, lets its faults happen, and does it.
    func perform<Result>(
        _ call: SimulatedCall, _ subject: @autoclosure () -> String,
        writing bytes: UnsafeRawBufferPointer? = nil,
        _ body: (inout DiskState, _ isShort: Bool) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        let befallen = disk.director?.turn(of: self, before: call)
        disk.monitor.lock()
        defer { disk.monitor.unlock() }
        total += 1
        counts[call, default: 0] += 1
        var isShort = false
        var isLast = false
        for effect in effects(on: call) + (befallen.map { [$0] } ?? []) {
            wasFaulty = true
            switch effect {
            case .short:
                isShort = true
            case .dies:
                vanish()
                throw SystemError(call.rawValue, .processIsGone)
            case .diesInside:
                isShort = true
                isLast = true
            case .fails(let errno):
                trace.append(call.rawValue + " " + subject() + " failed")
                disk.director?.note(call, subject() + " failed", nil, by: self)
                throw SystemError(call.rawValue, errno)
            }
        }
        if disk.isRecording || !faults.isEmpty { trace.append(call.rawValue + " " + subject()) }
        if let director = disk.director { director.note(call, subject(), bytes, by: self) }
        let result = try body(&disk.current, isShort)
        if isLast {
            vanish()
            throw SystemError(call.rawValue, .processIsGone)
        }
        return result
    }

    private func effects(on call: SimulatedCall) -> [Fault.Effect] {
        if faults.isEmpty { return [] }
        return faults.filter { fault in
            (fault.call == nil || fault.call == call)
                && fault.befalls(fault.call == nil ? total : counts[call] ?? 0)
        }.map(\.effect)
    }

    func description(
        _ file: FileDescriptor, _ call: SimulatedCall
    ) throws(SystemError) -> SimulatedDisk.Description {
        if let found = disk.descriptions[file.rawValue] {
            return found
        }
        disk.violate(call.rawValue + " on a closed descriptor")
        throw SystemError(call.rawValue, .badDescriptor)
    }

    func countRefusal(_ file: FileDescriptor) -> Int {
        refusals[file.rawValue, default: 0] += 1
        return refusals[file.rawValue] ?? 0
    }

    func forgetRefusals(_ file: FileDescriptor) {
        refusals[file.rawValue] = nil
    }

    func describe(_ file: FileDescriptor) -> String {
        disk.descriptions[file.rawValue]?.name ?? "?"
    }

    func add(
        _ number: Int, _ name: String, in directory: Int = 0, isWritable: Bool, failures: Int = 0
    ) -> FileDescriptor {
        let descriptor = disk.makeDescriptor()
        disk.descriptions[descriptor] = SimulatedDisk.Description(
            process: ObjectIdentifier(self), number: number, directory: directory, name: name,
            isWritable: isWritable, failures: failures)
        return FileDescriptor(rawValue: descriptor)
    }

    func fail(_ call: SimulatedCall, _ errno: Errno) -> SystemError {
        SystemError(call.rawValue, errno)
    }

    var isGone: Bool {
        faults.contains { $0.effect == .dies && total >= $0.index }
    }
}
