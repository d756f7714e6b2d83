// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The watch of those who are present over each other: each watches the one
/// before it, the first one the last. So every death is noticed at once, by
/// exactly one neighbour, and nobody polls.
///
/// Whoever comes in wakes the one behind it, which from then on watches the
/// newcomer. Where two come in at one moment, a death may be noticed twice,
/// but never by nobody.
package final class PresenceRing: Sendable {
    /// What to do when somebody has died: is given the dead, and returns those
    /// of whom nothing is left to do. Where it throws, it is asked again later.
    package typealias Heir = @Sendable (_ dead: [String]) throws -> [String]

    private let presence: Presence
    private let onDeath: Heir
    private let stopping: WakeUp

    /// Joins the ring and watches, on a thread of its own. Deaths from before
    /// are reported before this returns.
    package init(_ presence: Presence, onDeath: @escaping Heir) throws {
        self.presence = presence
        self.onDeath = onDeath
        let store = presence.folder.folder
        stopping = try store.calling("cannot watch") { () throws(SystemError) in try WakeUp() }
        let bell = try Bell([Self.interest(presence.member)], in: presence.store)
        try wakeSuccessor()
        let watch = try watchPredecessor()
        let handover = Handover(bell: bell, watch: watch)
        try store.calling("cannot watch") { () throws(SystemError) in
            try Thread.start { [self] in run(handover) }
        }
    }

    /// Ends the watch. The successor learns from the presence's end that it
    /// has to watch another.
    package func stop() {
        stopping.wake()
    }

    private static func interest(_ member: String) -> Interest { Interest("ring", member) }

    // MARK: Watching

    /// `@unchecked Sendable` because it is given to the one thread that uses it.
    private struct Handover: @unchecked Sendable {
        let bell: Bell
        let watch: Watch?
    }

    /// The bell of a member, open to hear it hang up.
    private struct Watch {
        let member: String
        let file: FileDescriptor
    }

    private func run(_ handover: Handover) {
        var watch = handover.watch
        var failures = 0
        while true {
            do {
                var hasHungUp = false
                // Where the last look failed, it is not waited for a reason.
                if failures == 0 {
                    let hangUps = watch.map { [$0.file] } ?? []
                    let ready = try handover.bell.wait(
                        beside: [stopping.reading], hangUps: hangUps, until: nil)
                    if ready == 1 { break }
                    hasHungUp = ready == 2
                }
                let next = try watchPredecessor()
                if let watch { FileCalls.close(watch.file) }
                let isSame = next != nil && next?.member == watch?.member
                watch = next
                failures = 0
                // A process that is just ending may have let go of its bell, and
                // not yet of its lock: looked at again after a blink.
                if hasHungUp && isSame && pause(exponent: 0) { break }
            } catch {
                // No descriptors, a full disk, a directory that is gone: looked
                // at again after a pause that grows.
                failures = min(failures + 1, 10)
                if pause(exponent: failures) { break }
            }
        }
        if let watch { FileCalls.close(watch.file) }
    }

    /// Waits for 2 to the power of a number of milliseconds; returns whether
    /// the watch is to end.
    private func pause(exponent: Int) -> Bool {
        let deadline = Deadline(after: .milliseconds(1 << exponent))
        return (try? Poll.wait([stopping.reading], until: deadline)) == 0
    }

    /// Opens the bell of the nearest living member before this one; nil where
    /// there is no other. The dead on the way are reported and removed.
    private func watchPredecessor() throws -> Watch? {
        while true {
            var dead: [String] = []
            var predecessor: String?
            for member in try others().reversed() {
                switch try presence.folder.isAlive(member) {
                case true?:
                    predecessor = member
                case false?:
                    dead.append(member)
                    continue
                case nil:
                    continue
                }
                break
            }
            if !dead.isEmpty {
                for member in try onDeath(dead) { presence.folder.sweep(member) }
            }
            guard let predecessor else { return nil }
            if let file = try open(predecessor) { return Watch(member: predecessor, file: file) }
        }
    }

    /// The other members, from the one behind this one to the one before it.
    private func others() throws(CoordinatorError) -> [String] {
        let members = try presence.folder.members()
        let place = members.firstIndex { !$0.utf8.lexicographicallyPrecedes(presence.member.utf8) }
        let start = place ?? members.count
        return (members[start...] + members[..<start]).filter { $0 != presence.member }
    }

    /// Opens the bell of a member to hear it hang up; nil where that one has gone.
    private func open(_ member: String) throws(CoordinatorError) -> FileDescriptor? {
        let folder = presence.folder.folder
        let name = PresenceFolder.bellName(member)
        let watch: FileDescriptor? = try folder.calling("cannot watch a holder") {
            () throws(SystemError) in
            do throws(SystemError) {
                return try FileCalls.openFifo(name, in: folder.directory, .reading)
            } catch let error where error.errno == .noEntry {
                return nil
            }
        }
        guard let watch else { return nil }
        // A reader that came after the last writer had gone would never hear it
        // hang up. One more writer, come and gone, mends that.
        if let writer = try? FileCalls.openFifo(name, in: folder.directory, .writing) {
            FileCalls.close(writer)
        }
        if try presence.folder.isAlive(member) == true { return watch }
        FileCalls.close(watch)
        return nil
    }

    private func wakeSuccessor() throws(CoordinatorError) {
        for member in try others() where try presence.folder.isAlive(member) == true {
            return try Ringing([Self.interest(member)], in: presence.store).ring()
        }
    }
}
