// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Synchronization

/// Takes jobs back whose claims hold no more: those of workers that died at
/// once, those of commands that outlived their worker when they have been
/// ended.
///
/// Any number of processes may do so at one moment: each change compares the
/// state and the token of the job, so the first one counts.
final class JobRescue: Sendable {
    private let coordinator: Coordinator
    /// The attempts whose commands are being ended, by the names of their files.
    private let ending = Mutex<Set<String>>([])
    private let watched = Mutex<[ProcessWatch]>([])

    /// How long an orphaned command is given after TERM before it is killed.
    private static var grace: Duration { .seconds(5) }
    /// How long the end of a command that cannot be brought about is waited
    /// for before it is tried again.
    private static var retryInterval: Duration { .seconds(60) }

    init(_ coordinator: Coordinator) {
        self.coordinator = coordinator
    }

    /// A job whose claim holds no more.
    private struct Lost {
        let job: Job
        let claim: JobClaim
        let verdict: ClaimVerdict
    }

    /// Who was at a job at the last look, by proof of the process alone: whoever
    /// sleeps is to wake at their deaths, of which no presence tells.
    var watches: [ProcessWatch] { watched.withLock { $0 } }

    /// What a look at all that runs has brought.
    struct Outcome {
        /// How many jobs were taken back, those aside whose commands are being ended.
        var rescued = 0
        /// When a claim may end next without being heard of; nil where none may.
        var next: Deadline?
        /// Those whose claims rest on their processes alone, and that live.
        var watches: [ProcessWatch] = []
        /// The members whose commands are still being ended.
        var unfinished: Set<String> = []
        /// The jobs that are lost to their workers, and whose commands go on
        /// where this process cannot end them.
        var beyondReach: [JobID] = []
    }

    /// Takes back what is lost. Blocks the current thread; orphaned commands
    /// are ended on threads of their own, unless they are to be waited for.
    ///
    /// - Complexity: O(n) in the number of jobs that run.
    @discardableResult
    func run(waitingForCommands isWaiting: Bool = false) throws -> Outcome {
        var outcome = Outcome()
        let here: Holder.Surroundings
        do throws(SystemError) {
            here = try .current()
        } catch {
            throw CoordinatorError.system("cannot tell where this process runs", error)
        }
        let lost = try look(from: here, &outcome)
        coordinator.rescuePace.note(next: outcome.next)
        watched.withLock { $0 = outcome.watches }
        if lost.isEmpty { return outcome }
        guard let folder = try PresenceFolder(of: coordinator.path, creating: true) else {
            return outcome
        }
        var free: [Lost] = []
        var orphans: [(command: OrphanedCommand, lost: Lost)] = []
        for lost in lost {
            guard case .command(of: let member) = lost.claim.proof, lost.verdict != .rebooted,
                let orphan = try OrphanedCommand(
                    lost.claim, of: lost.job.id, member,
                    isWorkerAlive: lost.verdict != .died, from: here, in: folder)
            else {
                free.append(lost)
                continue
            }
            if isWaiting {
                orphans.append((orphan, lost))
            } else {
                outcome.unfinished.insert(member)
                try end(orphan, of: lost, member)
            }
        }
        let hasEnded = Self.end(orphans.map(\.command))
        for (orphan, hasEnded) in zip(orphans, hasEnded) {
            if hasEnded {
                free.append(orphan.lost)
            } else {
                reportOrphan(of: orphan.lost)
                outcome.beyondReach.append(orphan.lost.job.id)
            }
        }
        outcome.rescued = try takeBack(free)
        return outcome
    }

    /// Ends orphaned commands, all at once; returns which have ended.
    private static func end(_ commands: [OrphanedCommand]) -> [Bool] {
        var hasEnded = commands.map { _ in false }
        let results = try? Mailbox<(Int, Bool)>()
        var left = 0
        for (index, command) in commands.enumerated() {
            if let results, commands.count > 1,
                (try? Thread.start { results.post((index, command.end(grace: grace))) }) != nil
            {
                left += 1
            } else {
                hasEnded[index] = command.end(grace: grace)
            }
        }
        while let results, left > 0, (try? Poll.wait([results.flag], until: nil)) != nil {
            for (index, result) in results.take() {
                hasEnded[index] = result
                left -= 1
            }
        }
        return hasEnded
    }

    /// Takes back what is lost, where this process has not looked just now.
    ///
    /// - Returns: When to look again, at the latest; nil where nothing but what
    ///   is heard of can end a claim.
    func runWhereDue() throws -> Deadline? {
        let pace = coordinator.rescuePace
        guard pace.isDue || hasWatchedEnd else { return pace.next }
        return try run().next
    }

    private var hasWatchedEnd: Bool {
        let watches = watches
        if watches.isEmpty { return false }
        return withExtendedLifetime(watches) {
            (try? Poll.wait(watches.map(\.file), until: Deadline(after: .zero))) != nil
        }
    }

    /// Everything that runs and whose claim holds no more.
    private func look(
        from here: Holder.Surroundings, _ outcome: inout Outcome
    ) throws -> [Lost] {
        let now = Clock.boot / 1_000_000
        let folder = try PresenceFolder(of: coordinator.path, creating: false)
        var members: [String: Bool?] = [:]
        func isAlive(_ member: String) throws -> Bool? {
            if let known = members[member] { return known }
            let isAlive = try folder.flatMap { try $0.isAlive(member) }
            members[member] = .some(isAlive)
            return isAlive
        }
        return try coordinator.read { view in
            var running: [RunningJobs.Entry] = []
            try view.forEach(prefix: JobRecords.running) { record in
                running += try RunningJobs(record).entries
                return true
            }
            var lost: [Lost] = []
            for entry in running {
                // Most are there, which is of this boot then, and have no deadline:
                // then nothing more is read.
                if entry.deadline.map({ now < $0 }) ?? true,
                    let member = entry.member, try isAlive(member) == true
                {
                    if let deadline = entry.deadline { outcome.note(deadline, true, now) }
                    continue
                }
                let key = JobRecords.item(entry.id)
                guard let job = try view.record(key).map({ try Job($0) }), let claim = job.claim
                else { throw JobRecords.damaged(key) }
                let verdict = try ClaimVerdict.of(
                    claim, from: here, at: now, isAlive: isAlive,
                    observe: { ProcessTable.observe($0) })
                if verdict != .holds {
                    lost.append(Lost(job: job, claim: claim, verdict: verdict))
                    continue
                }
                if let deadline = claim.deadline {
                    outcome.note(deadline, claim.member != nil, now)
                }
                if claim.proof == .process { outcome.watch(claim.holder, from: here) }
            }
            return lost
        }
    }

    /// Ends an orphaned command on a thread of its own, then takes its job back.
    private func end(
        _ orphan: OrphanedCommand, of lost: Lost, _ member: String
    ) throws {
        let name = AttemptFile.name(member, lost.job.id, lost.claim.token)
        guard ending.withLock({ $0.insert(name).inserted }) else { return }
        do throws(SystemError) {
            try Thread.start { [self] in
                var isReported = false
                while !orphan.end(grace: Self.grace) {
                    if !isReported { reportOrphan(of: lost) }
                    isReported = true
                    orphan.waitForRelease(atMost: Self.retryInterval)
                }
                takeBackAtLast(lost)
                forget(name, of: member)
            }
        } catch {
            _ = ending.withLock { $0.remove(name) }
            throw CoordinatorError.system("cannot end an orphaned command", error)
        }
    }

    /// Takes a job back, and tries again where the store cannot be used for a
    /// while: nobody else will look for it as long as this process lives.
    private func takeBackAtLast(_ lost: Lost) {
        for attempt in 0... {
            do {
                _ = try takeBack([lost])
                return
            } catch {
                guard (error as? CoordinatorError)?.isPassing == true,
                    attempt < StorePatience.most
                else { return }
                Thread.sleep(microseconds: 1000 << UInt32(min(attempt, 10)))
            }
        }
    }

    /// The last one of a member's commands that is done with takes the member away.
    private func forget(_ name: String, of member: String) {
        let isLast = ending.withLock { ending in
            ending.remove(name)
            return !ending.contains { $0.hasPrefix(member + ".") }
        }
        if isLast, let folder = try? PresenceFolder(of: coordinator.path, creating: false),
            (try? folder.isAlive(member)) == false
        {
            folder.sweep(member)
        }
    }

    private func reportOrphan(of lost: Lost) {
        coordinator.report(.jobOrphaned, lost.job)
    }

    private func takeBack(_ lost: [Lost]) throws -> Int {
        if lost.isEmpty { return 0 }
        let rescued = try coordinator.write("job.rescue", isEssential: true) { transaction in
            let now = Clock.wallMilliseconds
            return try lost.compactMap {
                try transaction.rescue($0.job.id, $0.claim, $0.verdict, at: now)
            }
        }
        for job in rescued { coordinator.report(.jobRescued, job) }
        return rescued.count
    }
}

extension JobRescue.Outcome {
    fileprivate mutating func note(_ deadline: UInt64, _ isMember: Bool, _ now: UInt64) {
        let moment = ClaimVerdict.next(deadline, ofMember: isMember)
        let wait = Duration.milliseconds(Int64(clamping: moment - min(moment, now)) + 1)
        next = Deadline.sooner(next, Deadline(after: wait))
    }

    /// How many processes are watched at most: each takes a descriptor.
    private static var mostWatches: Int { 64 }

    fileprivate mutating func watch(_ holder: Holder, from here: Holder.Surroundings) {
        guard watches.count < Self.mostWatches, holder.surroundings == here else { return }
        let watch = try? ProcessWatch(holder.process)
        // Looked at again now that it is watched.
        if HolderStatus.of(holder, from: here) == .dead {
            next = Deadline(after: .milliseconds(1))
        } else if let watch {
            watches.append(watch)
        }
    }
}

extension CoordinatorTransaction {
    /// Takes a job back from a claim that holds no more; nil where it has
    /// another one by now, or none.
    fileprivate mutating func rescue(
        _ id: JobID, _ claim: JobClaim, _ verdict: ClaimVerdict, at now: Int64
    ) throws -> Job? {
        guard var job = try job(id), job.state == .running, job.claim?.token == claim.token,
            job.claim?.leaseEnd == claim.leaseEnd
        else { return nil }
        var queue = try queueRecord(job.queue)
        let message = verdict.message(claim)
        // What the lost attempt comes to is no longer asked.
        job.lastToken = 0
        switch verdict {
        case .holds:
            return nil
        case .timedOut:
            try fail(&job, message, after: nil, isFinal: false, &queue, at: now)
        case .rebooted, .died, .leaseEnded:
            job.note(JobFailure(attempt: job.attempt, at: now, message: message))
            if verdict != .rebooted { job.rescues += 1 }
            if job.isBeingCancelled {
                try move(&job, by: .cancel, &queue, at: now)
            } else if job.rescues > JobRule.maximumRescues {
                job.reason =
                    "its workers died " + String(job.rescues) + " times, perhaps because of it"
                try move(&job, by: .discard, &queue, at: now)
            } else {
                job.attempt -= 1
                try move(&job, by: .requeue, &queue, at: now)
            }
        }
        try write(queue)
        if let member = claim.member { ring(.orders(for: member)) }
        return job
    }
}

extension ClaimVerdict {
    /// What the history of the job says.
    fileprivate func message(_ claim: JobClaim) -> String {
        switch self {
        case .holds: ""
        case .rebooted: "the machine was started again"
        case .died: "its worker, process " + String(claim.process) + ", died"
        case .leaseEnded: "its claim ended without a renewal"
        case .timedOut: "it took longer than it may, and its worker did not end it"
        }
    }
}
