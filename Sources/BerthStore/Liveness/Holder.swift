// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A process that holds something, told from every other that has been or will be.
///
/// An object, which never changes: how a value of so many members is copied
/// the runtime would have to find out at a command's start.
package final class Holder: Sendable {
    /// The machine as a process sees it: what makes two pids comparable.
    package struct Surroundings: Hashable, Sendable {
        /// The identifier of the boot.
        package let boot: String
        /// Where pids are counted; 0 where it is not known.
        package let pidNamespace: UInt64
        /// Where start times are counted; 0 where it is not known.
        package let timeNamespace: UInt64
        /// The name of the machine.
        package let host: String

        package init(boot: String, pidNamespace: UInt64, timeNamespace: UInt64, host: String) {
            self.boot = boot
            self.pidNamespace = pidNamespace
            self.timeNamespace = timeNamespace
            self.host = host
        }

        /// Those of the calling process.
        package static func current() throws(SystemError) -> Surroundings {
            Surroundings(
                boot: try MachineIdentity.bootID(), pidNamespace: try ProcessTable.pidNamespace(),
                timeNamespace: try ProcessTable.timeNamespace(),
                host: try MachineIdentity.hostName())
        }
    }

    package let process: Int32
    /// When the process started; see ``ProcessFacts/start``.
    package let start: UInt64
    /// See ``ProcessFacts/instance``.
    package let instance: UInt64?
    package let surroundings: Surroundings

    package init(process: Int32, start: UInt64, instance: UInt64?, surroundings: Surroundings) {
        self.process = process
        self.start = start
        self.instance = instance
        self.surroundings = surroundings
    }

    /// The calling process.
    package static func current() throws(SystemError) -> Holder {
        guard let facts = ProcessTable.observeSelf() else {
            throw SystemError("read", .inputOutput)
        }
        return Holder(
            process: CurrentProcess.identifier, start: facts.start, instance: nil,
            surroundings: try .current())
    }

    /// The calling process as it was when it was asked for first: for others to
    /// read, and not to judge by. In a child that was forked off it is another.
    package static func known() throws(SystemError) -> Holder {
        let process = CurrentProcess.identifier
        if let holder = memory.withLock({ $0 }), holder.process == process { return holder }
        let holder = try current()
        memory.withLock { $0 = holder }
        return holder
    }

    private static let memory = Mutex<Holder?>(nil)

    /// Another process of this machine; nil where there is none, or it has ended.
    package static func living(_ process: Int32) throws(SystemError) -> Holder? {
        switch ProcessTable.observe(process) {
        case .missing:
            return nil
        case .unreadable:
            throw SystemError("kill", .notPermitted)
        case .found(let facts):
            if facts.isZombie { return nil }
            return Holder(
                process: process, start: facts.start, instance: facts.instance,
                surroundings: try .current())
        }
    }
}

extension Holder: Hashable {
    package static func == (one: Holder, other: Holder) -> Bool {
        one.process == other.process && one.start == other.start
            && one.instance == other.instance && one.surroundings == other.surroundings
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(process)
        hasher.combine(start)
        hasher.combine(instance)
        hasher.combine(surroundings)
    }
}

extension Holder {
    /// Whether both are one process. Instances are compared where both are
    /// known: the system does not always tell them.
    package func isSameProcess(as other: Holder) -> Bool {
        let isSameInstance = instance == nil || other.instance == nil || instance == other.instance
        return process == other.process && start == other.start && isSameInstance
            && surroundings == other.surroundings
    }

    /// Adds the holder's members to an object that has been begun.
    package func write(to writer: inout JSONWriter) {
        writer.member("pid", process)
        writer.member("start", start)
        if let instance { writer.member("instance", instance) }
        writer.member("boot", surroundings.boot)
        writer.member("pidns", surroundings.pidNamespace)
        writer.member("timens", surroundings.timeNamespace)
        writer.member("host", surroundings.host)
    }

    /// Reads them back; nil where one is missing or damaged.
    package convenience init?(_ fields: JSONFields) {
        guard let process: Int32 = fields.integer("pid"), process > 0,
            let start: UInt64 = fields.integer("start"),
            let boot = fields.string("boot"),
            let pidNamespace: UInt64 = fields.integer("pidns"),
            let timeNamespace: UInt64 = fields.integer("timens"),
            let host = fields.string("host")
        else { return nil }
        self.init(
            process: process, start: start, instance: fields.integer("instance"),
            surroundings: Surroundings(
                boot: boot, pidNamespace: pidNamespace, timeNamespace: timeNamespace, host: host))
    }
}
