// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// A disk in memory, which several simulated processes share.
///
/// It knows what of all that was written is flushed, and so every state that a
/// power cut may leave. It watches over rules that no test should have to
/// repeat: see ``violations``.
///
/// `@unchecked Sendable`: everything mutable is touched with `monitor` locked.
package final class SimulatedDisk: @unchecked Sendable {
    /// The user that owns everything on it.
    package static var user: UInt32 { 1000 }

    let monitor = Monitor()
    var current: DiskState
    var descriptions: [Int32: Description] = [:]
    private var nextDescriptor: Int32 = 100
    private var nextDevice: UInt64 = 1
    private var recorded: [CrashPoint]?
    private var broken: [String] = []

    /// Whether a process may wait for a lock that another description holds.
    /// In a test with one thread it would wait for ever, so that is a
    /// violation unless it is allowed.
    package let allowsWaiting: Bool

    /// Decides who makes the next call, where several processes are at work.
    package var director: (any CallDirector)?

    /// What `open` made: two descriptors of one description do not occur here.
    struct Description {
        let process: ObjectIdentifier
        let number: Int
        /// The directory it was found in; 0 where it is one itself.
        let directory: Int
        /// The name it was opened by.
        let name: String
        let isWritable: Bool
        var lock: LockMode?
        /// How many failures of writing back it was told of.
        var failures = 0
    }

    package init(_ state: DiskState = DiskState(), allowsWaiting: Bool = false) {
        current = state
        self.allowsWaiting = allowsWaiting
    }

    /// Runs a body with the disk to itself.
    func withState<Result, Failure: Error>(
        _ body: (inout DiskState) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        monitor.lock()
        defer { monitor.unlock() }
        return try body(&current)
    }

    /// Everything on it, now.
    package var state: DiskState {
        get { withState { $0 } }
        set { withState { $0 = newValue } }
    }

    /// Which of these rules were broken: the journal changes only under the
    /// exclusive lock of `lock`; `lock` is never removed, renamed, replaced,
    /// written or cut; nobody waits for a lock where that would be for ever;
    /// nobody uses a descriptor that is closed.
    package var violations: [String] { withState { _ in broken } }

    func violate(_ rule: String) {
        broken.append(rule)
    }

    /// How many descriptors are open.
    package var openDescriptors: Int { withState { _ in descriptions.count } }

    /// The names by which the open descriptors were opened.
    package var openNames: [String] {
        withState { _ in descriptions.values.map(\.name).sorted() }
    }

    func makeDescriptor() -> Int32 {
        nextDescriptor += 1
        return nextDescriptor
    }

    func makeDevice() -> UInt64 {
        monitor.lock()
        defer { monitor.unlock() }
        nextDevice += 1
        return nextDevice
    }

    // MARK: Recording

    /// Runs a body and returns each moment at which a crash would leave
    /// something else than a moment earlier, the end included.
    package func recording(_ body: () throws -> Void) rethrows -> [CrashPoint] {
        withState { _ in recorded = [] }
        defer { withState { _ in recorded = nil } }
        try body()
        return withState { state in
            (recorded ?? []) + [CrashPoint(state: state, next: "the end", isTorn: false)]
        }
    }

    /// Takes note of the state before a call that changes it.
    func note(_ state: DiskState, before call: @autoclosure () -> String, isTorn: Bool = false) {
        recorded?.append(CrashPoint(state: state, next: call(), isTorn: isTorn))
    }

    var isRecording: Bool { recorded != nil }

    // MARK: Accidents

    /// Fails to write back what is pending of a file. If somebody who is gone
    /// was told of it, no description opened from now on will be.
    package func failWriteback(_ path: String, isTold: Bool) {
        withState { state in
            guard let number = state.number(at: path) else { return }
            state.files[number]?.failWriteback()
            if isTold { state.files[number]?.report() }
        }
    }

    /// Drops the clean pages of a file from memory.
    package func evict(_ path: String) {
        withState { state in
            if let number = state.number(at: path) { state.files[number]?.evict() }
        }
    }
}

/// A moment at which the machine or a process may end.
package struct CrashPoint: Sendable {
    package let state: DiskState
    /// The call that was about to be made.
    package let next: String
    /// Whether the call had been made in part. A power cut there leaves
    /// nothing that a later moment would not.
    package let isTorn: Bool
}
