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
    /// Tells when that was moved or removed; nil where the system has no room
    /// for it: then the next transaction finds out.
    private(set) var place: PlaceWatch?
    /// Whether the store says that this worker serves its queues.
    var isServing = false
    private let coordinator: Coordinator
    private let options: JobWorker.Options

    /// Comes in.
    init(_ coordinator: Coordinator, _ options: JobWorker.Options) throws {
        self.coordinator = coordinator
        self.options = options
        let queues = options.queues
        member = try JobMember(coordinator)
        var interests = queues.map { Interest.jobs(of: $0) }
        if options.isUntilEmpty { interests += queues.map { Interest.ends(of: $0) } }
        jobs = try Bell(interests, in: coordinator.path)
        orders = try Bell([.orders(for: member.name)], in: coordinator.path)
        do throws(SystemError) {
            store = try FileCalls.status(ofPath: coordinator.path).identity
        } catch {
            throw CoordinatorError.system("cannot look at the store " + coordinator.path, error)
        }
        watchPlace()
    }

    /// Whether the store at the path is the one in which this was put up.
    var isInPlace: Bool { member.presence.isNamed }

    /// Watches the place of the store; anew where it was told of something,
    /// which may have been less than a move.
    func watchPlace() {
        place = try? PlaceWatch(of: coordinator.path, member.presence.path)
    }

    // MARK: Serving

    /// Says in a transaction that this worker serves the queues.
    ///
    /// - Throws: `busy` where one of them has as many workers as it may have.
    func register(_ transaction: inout CoordinatorTransaction) throws {
        for queue in options.queues {
            let isRegistered = try transaction.register(
                member.name, for: queue, kinds: options.kinds, atMost: options.instances,
                isAlive: { try member.presence.folder.isAlive($0) == true })
            guard isRegistered else {
                throw CoordinatorError(
                    .busy, "the queue " + queue + " has as many workers as it may have")
            }
        }
    }

    /// Says in a transaction that nobody serves the queues here any more. What
    /// this worker is still at stays its own.
    func unregister(_ transaction: inout CoordinatorTransaction) {
        for queue in options.queues { transaction.unregister(member.name, from: queue) }
    }

    func takeDown() {
        // In another store there is nothing to be unsaid, and where there is
        // none, none is to be made for that.
        if isServing && isInPlace {
            _ = try? coordinator.write("job.leave", isEssential: true) { unregister(&$0) }
        }
        member.leave()
    }
}
