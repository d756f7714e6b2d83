// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The bells of those who sleep for what a transaction brings, held open from
/// before its change is written until it is durable. See ``Bell``.
///
/// Letting go of them rings as well, as the death of the process does: who
/// wakes in vain looks, and sleeps again. That alone would leave one asleep
/// while the next ringer has his bell open already; so a byte is written too.
struct Ringing: ~Copyable {
    private struct Opened {
        let name: String
        let file: FileDescriptor
    }

    private var folder: StoreFolder?
    private var bells: [Opened] = []
    /// Those that this process has no descriptors left for.
    private var rest: [String] = []

    deinit {
        for bell in bells { FileCalls.close(bell.file) }
    }

    /// Opens the bells for some interests, and removes those that are dead.
    init(_ interests: Set<Interest>, in store: String) throws(CoordinatorError) {
        guard !interests.isEmpty,
            let folder = try StoreFolder.open(Bell.folderName, ofKnown: store)
        else { return }
        self.folder = folder
        let wanted = interests.map(\.name)
        for name in try folder.names() {
            switch BellEntry(name) {
            case .bell(let interest):
                guard wanted.contains(where: { $0.utf8.elementsEqual(interest.utf8) }) else {
                    continue
                }
            case .newborn: break
            case .other: continue
            }
            try open(name, in: folder)
        }
    }

    private mutating func open(
        _ name: String, in folder: StoreFolder
    ) throws(CoordinatorError) {
        do throws(SystemError) {
            let file = try FileCalls.openFifo(name, in: folder.directory, .writing)
            bells.append(Opened(name: name, file: file))
        } catch let error where error.errno == .noSuchDevice {
            folder.remove(name)
        } catch let error where error.errno.isExhaustion {
            rest.append(name)
        } catch let error where error.errno == .noEntry || error.errno == .invalid {
            // Its owner woke up and took it down; or it is none of ours.
        } catch {
            throw .system("cannot ring " + folder.path + "/" + name, error)
        }
    }

    /// Rings all of them.
    consuming func ring() {
        guard let folder else { return }
        for bell in bells { Self.ring(bell.name, in: folder) }
        for name in rest {
            // Each bell that is done with makes room for another.
            if let bell = bells.popLast() { FileCalls.close(bell.file) }
            Self.ring(name, in: folder)
        }
    }

    /// Opened for reading too: a byte for a reader who has just died would be
    /// a signal that ends this process.
    private static func ring(_ name: String, in folder: StoreFolder) {
        guard let file = try? FileCalls.openFifo(name, in: folder.directory, .both) else { return }
        FileCalls.ring(file)
        FileCalls.close(file)
    }
}
