// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// The bell of one who sleeps: a FIFO that he reads, with a name for each of
/// his interests.
///
/// Whoever makes a bell looks once more for what he wants, as the store's only
/// writer, before he sleeps. A ringer opens the bells as the store's only
/// writer too, before his change is written, and closes them when it is
/// durable. So either the look finds the change, or the ringer finds the bell;
/// and a ringer that dies in between is heard, because his end hangs up.
///
/// A crash leaves a bell that nobody reads, which the next ringer removes.
///
/// Not for several threads at once.
package final class Bell {
    private let interests: [Interest]
    private let folder: StoreFolder
    private var file: FileDescriptor
    private var names: [String]

    /// Puts up a bell. The first one makes the store.
    package init(_ interests: [Interest], in store: String) throws(CoordinatorError) {
        guard let folder = try StoreFolder.open(Self.folderName, of: store, creating: true) else {
            throw CoordinatorError(.cannotCreate, "cannot make the store " + store)
        }
        self.folder = folder
        self.interests = interests
        (file, names) = try Self.make(interests, in: folder)
    }

    deinit {
        for name in names { folder.remove(name) }
        FileCalls.close(file)
    }

    static var folderName: String { "bells" }

    /// Where one of its names is, as long as the store is in its place.
    var path: String { folder.path + "/" + (names.first ?? "") }

    /// Whether whoever rings in the store at its path finds it.
    var isNamed: Bool {
        guard let own = try? FileCalls.status(of: file),
            let named = try? FileCalls.status(ofPath: path)
        else { return false }
        return own.identity == named.identity
    }

    /// Makes the FIFO under a name for which nobody rings, and gives it its
    /// names when it is read: no bell is ever seen that a living owner does
    /// not read.
    private static func make(
        _ interests: [Interest], in folder: StoreFolder
    ) throws(CoordinatorError) -> (FileDescriptor, [String]) {
        try folder.calling("cannot put up a bell") { () throws(SystemError) in
            while true {
                let identifier = ReadableName.random()
                let newborn = BellEntry.newborn(identifier)
                try FileCalls.makeFifo(newborn, in: folder.directory)
                defer { folder.remove(newborn) }
                let names = interests.map { BellEntry.name(of: $0, identifier) }
                do throws(SystemError) {
                    let file = try FileCalls.openFifo(newborn, in: folder.directory, .reading)
                    do throws(SystemError) {
                        for name in names {
                            try FileCalls.link(newborn, to: name, in: folder.directory)
                        }
                        return (file, names)
                    } catch {
                        for name in names { folder.remove(name) }
                        FileCalls.close(file)
                        throw error
                    }
                } catch let error where error.errno == .noEntry {
                    // A ringer came before it was read, and took it for dead.
                }
            }
        }
    }

    /// Sleeps until the bell is rung, another descriptor can be read or, among
    /// `hangUps`, has lost its last writer, or a deadline has passed. Blocks
    /// the current thread.
    ///
    /// - Returns: The place of the first that is ready: 0 for the bell, then
    ///   the other descriptors, then those of `hangUps`; nil when the time is
    ///   over.
    package func wait(
        beside others: [FileDescriptor] = [], hangUps: [FileDescriptor] = [],
        until deadline: Deadline?
    ) throws(CoordinatorError) -> Int? {
        let ready = try folder.calling("cannot wait for a bell") { () throws(SystemError) in
            try Poll.wait([file] + others, hangUps: hangUps, until: deadline)
        }
        if ready == 0 { try silence() }
        return ready
    }

    /// Can be read when the bell has rung, until it is silenced.
    var flag: FileDescriptor { file }

    /// Makes a bell that has rung silent. What is rung from now on rings again:
    /// a bell that has hung up says so only to whoever opened it before.
    func silence() throws(CoordinatorError) {
        var fresh: FileDescriptor?
        if let name = names.first {
            fresh = try? FileCalls.openFifo(name, in: folder.directory, .reading)
        }
        if let fresh {
            FileCalls.close(file)
            file = fresh
        } else {
            // Removed by hand.
            for name in names { folder.remove(name) }
            let (made, names) = try Self.make(interests, in: folder)
            FileCalls.close(file)
            file = made
            self.names = names
        }
        var buffer = (UInt64(0), UInt64(0))
        withUnsafeMutableBytes(of: &buffer) { buffer in
            while let count = try? FileCalls.read(file, into: buffer), count == buffer.count {}
        }
    }
}
