// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// The sleep of the first in line for a pool: until a transaction has changed
/// something, or one who has items has let go of them or died.
struct PoolWait: ~Copyable {
    private let name: PoolName
    private let store: String
    private let bell: Bell
    private let deadline: Deadline?
    private let cancellation: Cancellation?
    private let wakeUp: WakeUp?
    /// The process for which items are wanted.
    private let target: FileDescriptor?

    init(_ taker: PoolTaker, _ bell: Bell, _ deadline: Deadline?) throws(CoordinatorError) {
        name = taker.name
        store = taker.coordinator.path
        self.bell = bell
        self.deadline = deadline
        cancellation = taker.cancellation
        if case .request(let request) = taker.claim, let process = request.wish.process {
            target = try? ProcessTable.watch(process)
        } else {
            target = nil
        }
        do throws(SystemError) {
            wakeUp = cancellation == nil ? nil : try WakeUp()
        } catch {
            throw .system("cannot wait for an item of the pool '" + name.text + "'", error)
        }
        if let wakeUp { cancellation?.onCancel { wakeUp.wake() } }
    }

    deinit {
        cancellation?.onCancel(nil)
        if let target { FileCalls.close(target) }
    }

    /// Sleeps until it is worth looking again, or the time is over.
    ///
    /// What is watched is opened before the look at who lives: whatever happens
    /// after it is heard. A bell that woke us in vain was let go of by one hand
    /// of two, or its owner is just ending: the next look comes after a pause,
    /// which grows. The same holds where something cannot be watched.
    func sleep(while holdings: [PoolHolding]) throws(CoordinatorError) {
        var vain = 0
        var isPausing = false
        while true {
            var watch = LockWatch()
            let judge = try PoolJudge(of: name, in: store)
            for holding in holdings { try judge.watch(holding, &watch) }
            if try haveEnded(holdings) { return }
            let wake: Wake
            if isPausing {
                wake = try wait([], Self.pause(vain))
            } else {
                let pause = watch.isComplete ? nil : Self.pause(vain)
                wake = try wait(watch.files, Deadline.sooner(pause, nextEnd(of: holdings)))
            }
            if wake == .news || deadline?.isPast == true { return }
            isPausing = wake == .holder
            if isPausing || !watch.isComplete { vain += 1 }
        }
    }

    /// Why a sleep was over.
    private enum Wake {
        /// A transaction has changed something, or the process for which items
        /// are wanted has ended.
        case news
        /// Something has happened to one who has items.
        case holder
        /// It is time to look.
        case time
    }

    private func wait(
        _ watched: [FileDescriptor], _ moment: Deadline?
    ) throws(CoordinatorError) -> Wake {
        var files: [FileDescriptor] = []
        if let wakeUp { files.append(wakeUp.reading) }
        if let target { files.append(target) }
        let place = try bell.wait(
            beside: files + watched, until: Deadline.sooner(deadline, moment))
        guard let place else { return .time }
        if wakeUp != nil && place == 1 {
            throw CoordinatorError(
                .cancelled, "the wait for an item of the pool '" + name.text + "' was cancelled")
        }
        return place <= files.count ? .news : .holder
    }

    private func haveEnded(_ holdings: [PoolHolding]) throws(CoordinatorError) -> Bool {
        let judge = try PoolJudge(of: name, in: store)
        for holding in holdings where try judge.end(of: holding) != nil { return true }
        return false
    }

    /// When the next lease may end: within a second, for the sake of a machine
    /// that sleeps meanwhile. Nil where there is none.
    private func nextEnd(of holdings: [PoolHolding]) -> Deadline? {
        guard let end = holdings.compactMap({ $0.terms.lease?.end }).min() else { return nil }
        let now = Clock.boot
        return Deadline(after: .nanoseconds(Int64(min(end > now ? end - now : 0, 1_000_000_000))))
    }

    /// From 1 to 256 milliseconds.
    private static func pause(_ vain: Int) -> Deadline {
        Deadline(after: .milliseconds(1 << min(vain, 8)))
    }
}
