// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The locks that a task or a thread is inside of: by `withLock`, and because a
/// command that runs this process holds them. It is what makes a lock inside a
/// lock known as such.
///
/// A task that was started inside inherits the value, but is another: it may
/// outlive the body, and waits for the lock as anybody does.
enum LockNesting {
    struct Frame: Sendable {
        let held: HeldTicket
        fileprivate let owner: Owner
    }

    fileprivate enum Owner: Hashable, Sendable {
        /// A task, by the hash of its identity.
        case task(Int)
        case thread(UInt)

        static var current: Owner {
            withUnsafeCurrentTask { task in
                task.map { .task($0.hashValue) } ?? .thread(Thread.current)
            }
        }
    }

    @TaskLocal static var frames: [Frame] = []

    /// The frames, with one more that is the caller's.
    static func frames(and held: HeldTicket) -> [Frame] {
        frames + [Frame(held: held, owner: .current)]
    }

    static func frames(and group: [HeldTicket]) -> [Frame] {
        frames + group.map { Frame(held: $0, owner: .current) }
    }

    /// Those of the calling task or thread.
    private static var own: [Frame] {
        if frames.isEmpty { return [] }
        let current = Owner.current
        return frames.filter { $0.owner == current && $0.held.isHeld }
    }

    /// The locks that this process is run under, as its environment said when
    /// they were first asked for.
    static let outer: String =
        CurrentProcess.variable(HeldLocks.variable).map { String(decoding: $0, as: UTF8.self) }
        ?? ""

    /// What the caller is under, as ``HeldLocks`` writes it: what this process
    /// is run under, and then its own.
    static func entries() throws(CoordinatorError) -> String {
        var entries = outer
        for frame in own { entries = try HeldLocks.entries(entries, and: frame.held) }
        return entries
    }

    /// The lock of a name that the caller is inside of, where it covers a mode.
    static func held(_ name: LockName, _ mode: Ticket.Mode, in store: String) -> HeldTicket? {
        own.last { frame in
            frame.held.name == name && frame.held.folder.path == store + "/locks/" + name.folder
                && (frame.held.ticket.mode == mode || frame.held.ticket.mode == .exclusive)
        }?.held
    }
}
