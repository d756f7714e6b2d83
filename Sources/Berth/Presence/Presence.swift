// SPDX-License-Identifier: Apache-2.0

package import BerthStore
import Synchronization

/// That this process is there: a file that it keeps locked from the birth of
/// this value to its end, in whatever way it comes.
///
/// It is the proof of life that works across namespaces and where pids are
/// used again.
package final class Presence: Sendable {
    /// The name of the file: what others ask by whether this process lives.
    package let member: String
    /// The process, for those who find the file gone.
    package let holder: Holder
    /// The directory of the store.
    let store: String
    let folder: PresenceFolder
    private let file: FileDescriptor
    private let bell: FileDescriptor
    private let hasLeft = Atomic(false)

    /// Says that this process is there. The first one makes the store.
    ///
    /// The file is locked under another name, and gets its own when it is: it
    /// is never seen without the lock of its living owner, nor without its
    /// bell. A crash leaves an unlocked newborn, which the next who comes in
    /// removes.
    package init(in store: String) throws(CoordinatorError) {
        guard let folder = try PresenceFolder(of: store, creating: true) else {
            throw CoordinatorError(.cannotCreate, "cannot make the store " + store)
        }
        try folder.tidy()
        self.store = store
        self.folder = folder
        let holder = try folder.folder.calling("cannot tell who this process is") {
            () throws(SystemError) in try Holder.current()
        }
        self.holder = holder
        (member, file, bell) = try Self.make(holder, in: folder.folder)
    }

    deinit {
        leave()
    }

    private static func make(
        _ holder: Holder, in folder: StoreFolder
    ) throws(CoordinatorError) -> (String, FileDescriptor, FileDescriptor) {
        try folder.calling("cannot announce this process") { () throws(SystemError) in
            while true {
                let member = ReadableName.random()
                let newborn = PresenceFolder.newbornName(member)
                let file = try FileCalls.open(newborn, in: folder.directory, .creatingNew)
                do throws(SystemError) {
                    guard try FileCalls.lock(file, .exclusive, waiting: false) else {
                        // Somebody who tidies up looks at it: it may be removed.
                        throw SystemError("flock", .noEntry)
                    }
                    // For people. Nothing rests on it, and a full disk may take it.
                    try? FileCalls.writeAll(file, description(of: holder), at: 0)
                    let bell = try makeBell(of: member, in: folder)
                    do throws(SystemError) {
                        try FileCalls.rename(newborn, to: member, in: folder.directory)
                        return (member, file, bell)
                    } catch {
                        folder.remove(PresenceFolder.bellName(member))
                        FileCalls.close(bell)
                        throw error
                    }
                } catch {
                    folder.remove(newborn)
                    FileCalls.close(file)
                    if error.errno != .noEntry { throw error }
                }
            }
        }
    }

    private static func makeBell(
        of member: String, in folder: StoreFolder
    ) throws(SystemError) -> FileDescriptor {
        let name = PresenceFolder.bellName(member)
        try FileCalls.makeFifo(name, in: folder.directory)
        do throws(SystemError) {
            return try FileCalls.openFifo(name, in: folder.directory, .both)
        } catch {
            folder.remove(name)
            throw error
        }
    }

    private static func description(of holder: Holder) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        holder.write(to: &writer)
        writer.member("since", Clock.wallMilliseconds)
        writer.endObject()
        return writer.bytes
    }

    /// Where the file is, as long as the store is in its place.
    var path: String { folder.folder.path + "/" + member }

    /// Whether the store at its path still has the file: it has not where it
    /// was moved or replaced.
    package var isNamed: Bool {
        guard let own = try? FileCalls.status(of: file),
            let named = try? FileCalls.status(ofPath: path)
        else { return false }
        return own.identity == named.identity
    }

    /// Says that this process is no longer there. Does nothing the second
    /// time, nor in a process that was forked off.
    package func leave() {
        if hasLeft.exchange(true, ordering: .acquiringAndReleasing) { return }
        if CurrentProcess.identifier == holder.process {
            try? FileCalls.unlock(file)
            folder.sweep(member)
        }
        FileCalls.close(bell)
        FileCalls.close(file)
    }
}
