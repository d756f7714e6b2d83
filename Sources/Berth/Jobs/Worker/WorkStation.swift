// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What a worker has put up in the store as it is now: a store that was moved
/// or replaced needs another.
///
/// A crash leaves a dead member, bells that nobody reads, and entries of a
/// worker that does not count: each is removed by the next who meets it.
final class WorkStation {
    let member: JobMember
    /// Rung when there may be something to claim.
    let jobs: Bell
    /// Rung when a job of this worker is to end.
    let orders: Bell
    /// The directory of the store.
    let store: FileIdentity
    /// Can be read when that was moved or removed.
    private(set) var place: FileDescriptor
    /// Whether the store says that this worker serves its queues.
    private(set) var isServing = false
    private let coordinator: Coordinator
    private let options: JobWorker.Options

    /// Comes in, and serves the queues.
    ///
    /// - Throws: `busy` where one of them has as many workers as it may have.
    init(_ coordinator: Coordinator, _ options: JobWorker.Options) throws {
        self.coordinator = coordinator
        self.options = options
        let queues = options.queues
        let member = try JobMember(coordinator)
        self.member = member
        var interests = queues.map { Interest.jobs(of: $0) }
        if options.isUntilEmpty { interests += queues.map { Interest.ends(of: $0) } }
        jobs = try Bell(interests, in: coordinator.path)
        orders = try Bell([.orders(for: member.name)], in: coordinator.path)
        (store, place) = try Self.located(coordinator.path)
        let taken: String?
        do {
            taken = try coordinator.write("job.serve") { transaction in
                try queues.first { queue in
                    try !transaction.register(
                        member.name, for: queue, kinds: options.kinds,
                        atMost: options.instances,
                        isAlive: { try member.presence.folder.isAlive($0) == true })
                }
            }
        } catch {
            FileCalls.close(place)
            throw error
        }
        guard let taken else {
            isServing = true
            return
        }
        FileCalls.close(place)
        // What was registered for the queues before it counts no longer than
        // the member lives.
        member.leave()
        throw CoordinatorError(
            .busy, "the queue " + taken + " has as many workers as it may have")
    }

    private static func located(
        _ path: String
    ) throws(CoordinatorError) -> (FileIdentity, FileDescriptor) {
        do throws(SystemError) {
            let place = try FileCalls.watchPlace(path)
            do throws(SystemError) {
                return (try FileCalls.status(ofPath: path).identity, place)
            } catch {
                FileCalls.close(place)
                throw error
            }
        } catch {
            throw .system("cannot watch the store " + path, error)
        }
    }

    /// Whether the store at the path is the one in which this was put up.
    var isInPlace: Bool { member.presence.isNamed }

    /// The store's directory was moved, or something less: whoever asks next
    /// whether it is in place finds out which.
    func lookAround() throws(CoordinatorError) {
        FileCalls.close(place)
        do throws(SystemError) {
            do throws(SystemError) {
                place = try FileCalls.watchPlace(coordinator.path)
            } catch {
                // Gone: nothing is left to be watched, nor to be closed.
                place = try FileCalls.watchPlace("/")
            }
        } catch {
            throw .system("cannot watch the store " + coordinator.path, error)
        }
    }

    // MARK: Leaving

    /// Says in a transaction that nobody serves the queues here any more. What
    /// this worker is still at stays its own.
    func unregister(_ transaction: inout CoordinatorTransaction) {
        for queue in options.queues { transaction.unregister(member.name, from: queue) }
    }

    /// That transaction has been done.
    func hasUnregistered() {
        isServing = false
    }

    func takeDown() {
        FileCalls.close(place)
        if isServing {
            _ = try? coordinator.write("job.leave", isEssential: true) { unregister(&$0) }
        }
        member.leave()
    }
}
