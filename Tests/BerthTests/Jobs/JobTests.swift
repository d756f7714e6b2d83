// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Testing

@testable import Berth

@Suite("Jobs")
struct JobTests {
    let store: TemporaryStore
    let berth: Coordinator

    init() throws {
        store = try TemporaryStore()
        berth = try Coordinator.open(at: store.path, durability: .process)
    }

    var jobs: Jobs { berth.jobs }

    func request(
        _ payload: String = "1", _ configure: (inout JobRequest) -> Void = { _ in }
    ) -> JobRequest {
        var request = JobRequest(queue: "q", payload: Array(payload.utf8))
        configure(&request)
        return request
    }

    @discardableResult
    func add(
        _ payload: String = "1", _ configure: (inout JobRequest) -> Void = { _ in }
    ) throws -> JobID {
        try jobs.enqueue(request(payload, configure)).id
    }

    func claim(_ limit: Int = 1) throws -> [Job] {
        try jobs.claim(from: "q", limit: limit)
    }

    func claimOne() throws -> (id: JobID, token: UInt64) {
        let job = try #require(try claim().first)
        return (job.id, try #require(job.claim?.token))
    }

    func state(_ id: JobID) throws -> JobState? { try jobs.job(id)?.state }

    /// The counts of the queue must be those of its jobs, whatever has happened.
    func checkCounts() throws {
        let all = try jobs.list()
        for queue in try jobs.queues() {
            for state in JobState.allCases {
                let count = all.filter { $0.queue == queue.name && $0.state == state }.count
                #expect(queue.count(state) == count, "\(queue.name) \(state)")
            }
        }
    }

    func code<Result>(_ body: () throws -> Result) -> CoordinatorError.Code? {
        do {
            _ = try body()
            return nil
        } catch {
            return (error as? CoordinatorError)?.code
        }
    }

    // MARK: Order

    @Test func numbersGrowAndJobsComeInTheirOrder() throws {
        let ids = try jobs.enqueue((0..<5).map { request("\($0)") }).map(\.id)
        #expect(ids == [1, 2, 3, 4, 5])
        #expect(try claim(2).map(\.id) == [1, 2])
        #expect(try claim(10).map(\.id) == [3, 4, 5])
        #expect(try claim().isEmpty)
        #expect(try add() == 6)
        try checkCounts()
    }

    @Test func smallerPrioritiesComeFirst() throws {
        for priority in [5, 99, 0, 5, 1] { try add { $0.priority = priority } }
        #expect(try claim(10).map(\.id) == [3, 5, 1, 4, 2])
    }

    @Test func noJobIsOvertakenForEver() throws {
        let late = try add { $0.priority = 9 }
        try jobs.enqueue((0..<100).map { _ in request() })
        var place = 0
        while let job = try claim().first, job.id != late { place += 1 }
        #expect(place == 31)
        // Then smaller priorities come first again, in their order.
        #expect(try claim(3).map(\.id) == [33, 34, 35])
        try checkCounts()
    }

    @Test func whatBecameDueFirstComesFirst() throws {
        let now = Clock.wallMilliseconds + 60_000
        let scheduled = try add { $0.runAt = now + 20 }
        let outcome = try berth.write("test") { transaction in
            let later = try transaction.enqueue(checked: [request().checked()], at: now + 40)
            let sooner = try transaction.enqueue(checked: [request().checked()], at: now + 10)
            let claimed = try transaction.claim(
                ClaimRequest(
                    queue: "q", limit: 5, kinds: nil, holder: try Holder.current(),
                    proof: .lease, lease: nil), at: now + 50)
            return (later[0].id, sooner[0].id, claimed.jobs.map(\.id))
        }
        // The wall clock was set back before the last came: it stays the last.
        #expect(outcome.2 == [scheduled, outcome.0, outcome.1])
    }

    @Test func aJobWaitsForItsTime() throws {
        let now = Clock.wallMilliseconds
        let late = try add { $0.runAt = now + 60_000 }
        let past = try add { $0.runAt = now - 60_000 }
        let soon = try add { $0.delay = .milliseconds(1) }
        #expect(try state(late) == .scheduled)
        #expect(try state(past) == .available)
        let first = try jobs.claim(from: "q", limit: 10, timeout: .seconds(10))
        let second = first.count == 2 ? [] : try jobs.claim(from: "q", timeout: .seconds(10))
        #expect(Set((first + second).map(\.id)) == [past, soon])
        #expect(try claim().isEmpty)
        // The time of a test need not pass.
        let outcome = try berth.write("test") { transaction in
            try transaction.claim(
                ClaimRequest(
                    queue: "q", limit: 5, kinds: nil, holder: try Holder.current(), proof: .lease,
                    lease: nil), at: now + 60_000)
        }
        #expect(outcome.jobs.map(\.id) == [late])
        try checkCounts()
    }

    @Test func aClaimTellsWhenTheNextIsDue() throws {
        let now = Clock.wallMilliseconds
        try add { $0.runAt = now + 70_000 }
        try add {
            $0.runAt = now + 50_000
            $0.priority = 3
        }
        let outcome = try berth.write("test") { transaction in
            try transaction.claim(
                ClaimRequest(
                    queue: "q", limit: 5, kinds: nil, holder: try Holder.current(), proof: .lease,
                    lease: nil), at: now)
        }
        #expect(outcome.jobs.isEmpty && outcome.nextDue == now + 50_000)
    }

    @Test func onlyKnownKindsAreClaimed() throws {
        let mail = try jobs.enqueue(JobRequest(queue: "q", payload: [0x31], kind: "mail")).id
        let other = try add()
        #expect(try jobs.claim(from: "q", limit: 9, kinds: ["mail"]).map(\.id) == [mail])
        #expect(try jobs.claim(from: "q", limit: 9, kinds: ["mail"]).isEmpty)
        #expect(try state(other) == .available)
    }

    @Test func aClaimLooksOnlyWhereJobsWait() throws {
        // What a claim reads is bounded by the place where the lane begins, which
        // must be the first waiting job after whatever has happened.
        func first() throws -> JobPlace? {
            try berth.read { view in
                let record = try #require(try view.record(JobRecords.queue("q")))
                let lane = try QueueRecord(record).lanes.first { !$0.lane.isTimed }
                return lane?.isEmpty == true ? nil : lane?.first
            }
        }
        try jobs.enqueue((0..<4).map { _ in request() })
        #expect(try first()?.id == 1)
        let (one, token) = try claimOne()
        #expect(try first()?.id == 2)
        let (two, _) = try claimOne()
        #expect(try first()?.id == 3)
        // One that comes back stands in front, and nothing behind it is lost.
        try jobs.change("test") { try $0.releaseJob(one, token: token) }
        #expect(try first()?.id == one)
        #expect(try claim(10).map(\.id) == [one, 3, 4])
        #expect(try first() == nil)
        try jobs.change("test") {
            try $0.releaseJob(two, token: try $0.knownJob(two).lastToken)
        }
        #expect(try claim().map(\.id) == [two])
        try checkCounts()
    }

    // MARK: Ends

    @Test func aJobIsCompletedWithItsOutput() throws {
        let id = try add("{\"to\":\"me\"}")
        let (claimed, token) = try claimOne()
        #expect(claimed == id)
        try jobs.change("test") { try $0.completeJob(id, token: token, output: [0x37]) }
        let job = try #require(try jobs.job(id))
        #expect(job.state == .completed && job.claim == nil && job.finished != nil)
        #expect(try jobs.output(of: id) == [0x37])
        #expect(try jobs.payload(of: id) == Array("{\"to\":\"me\"}".utf8))
        // Whoever was not told that it is done may say so again.
        try jobs.change("test") { try $0.completeJob(id, token: token) }
        try checkCounts()
    }

    @Test func aFailedJobIsTriedAgainUntilItIsDiscarded() throws {
        let id = try add { $0.maximumAttempts = 3 }
        for attempt in 1...3 {
            let (claimed, token) = try claimOne()
            #expect(claimed == id)
            #expect(try jobs.job(id)?.attempt == attempt)
            try jobs.change("test") {
                try $0.failJob(id, token: token, message: "no \(attempt)", retryAfter: .zero)
            }
        }
        let job = try #require(try jobs.job(id))
        #expect(job.state == .discarded)
        #expect(job.failures.map(\.message) == ["no 1", "no 2", "no 3"])
        #expect(try claim().isEmpty)
        #expect(try jobs.redrive(JobFilter(queue: "other")) == 0)
        #expect(try jobs.redrive(JobFilter(queue: "q")) == 1)
        #expect(try jobs.job(id)?.attempt == 0)
        #expect(try claim().map(\.id) == [id])
        try checkCounts()
    }

    @Test func theBackoffDelaysTheNextAttempt() throws {
        let id = try add { $0.backoff = .doubling(from: .seconds(100)) }
        let (_, token) = try claimOne()
        let before = Clock.wallMilliseconds
        let job = try jobs.change("test") { try $0.failJob(id, token: token, message: "no") }
        #expect(job.state == .retryable)
        let delay = try #require(job.runAt) - before
        #expect((90_000...120_000).contains(delay))
        #expect(try claim().isEmpty)
        try jobs.retry(id)
        #expect(try claim().map(\.id) == [id])
    }

    @Test func aSnoozeAndAReleaseDoNotCount() throws {
        let id = try add()
        var (_, token) = try claimOne()
        try jobs.change("test") { try $0.snoozeJob(id, token: token, for: .zero) }
        #expect(try jobs.job(id)?.attempt == 0)
        #expect(try jobs.job(id)?.snoozes == 1)
        (_, token) = try claimOne()
        try jobs.change("test") { try $0.releaseJob(id, token: token) }
        #expect(try jobs.job(id)?.attempt == 0)
        #expect(try jobs.job(id)?.state == .available)
        try checkCounts()
    }

    @Test func aLateWorkerChangesNothing() throws {
        let id = try add()
        let (_, old) = try claimOne()
        try jobs.change("test") { try $0.releaseJob(id, token: old) }
        let (_, new) = try claimOne()
        #expect(new > old)
        let before = try jobs.job(id)
        let attempts: [(inout CoordinatorTransaction) throws -> Void] = [
            { try $0.completeJob(id, token: old) },
            { try $0.failJob(id, token: old, message: "no") },
            { try $0.snoozeJob(id, token: old, for: .zero) },
            { try $0.releaseJob(id, token: old) },
            { try $0.extendJob(id, token: old, by: .seconds(9)) },
            { try $0.giveUpJob(id, token: old, reason: "no") },
            { try $0.setProgress(try JobProgress(percent: 1), ofJob: id, token: old) },
        ]
        for attempt in attempts {
            #expect(code { try jobs.change("test") { try attempt(&$0) } } == .stale)
        }
        #expect(try jobs.job(id) == before)
        #expect(code { try jobs.change("test") { try $0.completeJob(77, token: 1) } } == .notFound)
    }

    @Test func aClaimForAProcessEndsWithIt() throws {
        let id = try add()
        let child = try BerthProcess.startShell("echo up; exec tail -f /dev/null", store: store)
        let process = child.identifier
        let watch = try ProcessTable.watch(process)
        defer { FileCalls.close(watch) }
        let claimed = try jobs.claim(from: "q", forProcess: process)
        #expect(claimed.map(\.id) == [id] && claimed[0].claim?.process == process)
        #expect(try jobs.rescue() == 0)
        child.send(SIGKILL)
        _ = try Poll.wait([watch], until: nil)
        #expect(try jobs.rescue() == 1)
        let job = try #require(try jobs.job(id))
        #expect(job.state == .available && job.rescues == 1 && job.attempt == 0)
        #expect(job.failures.last?.message.contains("died") == true)
    }

    @Test func aLeaseEndsUnlessItIsExtended() throws {
        let id = try add()
        let job = try #require(try jobs.claim(from: "q", lease: .milliseconds(1)).first)
        let token = try #require(job.claim?.token)
        try jobs.change("test") { try $0.extendJob(id, token: token, by: .seconds(600)) }
        #expect(try jobs.rescue() == 0)
        try jobs.change("test") { try $0.extendJob(id, token: token, by: .zero) }
        #expect(try jobs.rescue() == 1)
        #expect(code { try jobs.change("test") { try $0.completeJob(id, token: token) } } == .stale)
    }

    @Test func aJobThatKillsItsWorkersIsGivenUp() throws {
        let id = try add()
        for _ in 0..<5 {
            _ = try jobs.claim(from: "q", lease: .milliseconds(1))
            let token = try #require(try jobs.job(id)?.claim?.token)
            try jobs.change("test") { try $0.extendJob(id, token: token, by: .zero) }
            try jobs.rescue()
            #expect(try state(id) == .available)
        }
        _ = try jobs.claim(from: "q", lease: .milliseconds(1))
        let token = try #require(try jobs.job(id)?.claim?.token)
        try jobs.change("test") { try $0.extendJob(id, token: token, by: .zero) }
        try jobs.rescue()
        #expect(try state(id) == .discarded)
        #expect(try jobs.job(id)?.reason?.contains("died 6 times") == true)
        try checkCounts()
    }

    @Test func whatRunsTakesFewRecordsHoweverManyJobsThereAre() throws {
        try jobs.enqueue((0..<300).map { _ in request() })
        func records() throws -> (keys: Int, ids: [JobID]) {
            try berth.read { view in
                var keys = 0
                var ids: [JobID] = []
                try view.forEach(prefix: JobRecords.running("q")) { record in
                    keys += 1
                    ids += try RunningJobs(record).entries.map(\.id)
                    return true
                }
                return (keys, ids.sorted())
            }
        }
        let claimed = try claim(300)
        #expect(try records().keys == 64)
        #expect(try records().ids == claimed.map(\.id).sorted())
        for job in claimed.dropFirst() {
            let token = try #require(job.claim?.token)
            try jobs.change("test") { try $0.completeJob(job.id, token: token) }
        }
        #expect(try records() == (1, [claimed[0].id]))
        try checkCounts()
    }

    @Test func whatBeginsAndEndsInATransactionCountsInIt() throws {
        try jobs.updateQueue("q") { $0.limit = 2 }
        try jobs.enqueue((0..<4).map { _ in request() })
        let first = try claim(4).compactMap { job in job.claim.map { (job.id, $0.token) } }
        #expect(first.count == 2)
        let running = try berth.write("test") { transaction in
            try transaction.completeJob(first[0].0, token: first[0].1)
            let request = ClaimRequest(
                queue: "q", limit: 4, kinds: nil, holder: try Holder.current(), proof: .process,
                lease: nil)
            let now = Clock.wallMilliseconds
            #expect(try transaction.claim(request, at: now).jobs.map(\.id) == [3])
            #expect(try transaction.claim(request, at: now).jobs.isEmpty)
            return try transaction.running(in: "q").map(\.id).sorted()
        }
        #expect(running == [2, 3])
        #expect(try berth.write("test") { try $0.running(in: "q").map(\.id).sorted() } == running)
        try checkCounts()
    }

    @Test func aJobOfAPreviousBootIsTakenBackAndNothingCounted() throws {
        let id = try add()
        _ = try claim()
        // As the record would say after the machine was started again.
        try berth.write("test") { transaction in
            for key in [JobRecords.item(id), JobRecords.running("q", id)] {
                let value = try #require(try transaction.base.record(key)).value
                let boot = try MachineIdentity.bootID()
                let text = String(decoding: value, as: UTF8.self)
                    .replacingOccurrences(of: boot, with: "another")
                try transaction.base.set(key, Array(text.utf8))
            }
        }
        #expect(try jobs.rescue() == 1)
        let job = try #require(try jobs.job(id))
        #expect(job.state == .available && job.rescues == 0 && job.attempt == 0)
    }

    // MARK: Cancelling

    @Test func aJobThatWaitsIsCancelledAtOnce() throws {
        let id = try add()
        #expect(try jobs.cancel(id, reason: "not needed") == .cancelled)
        #expect(try jobs.cancel(id) == .ended(.cancelled))
        #expect(try claim().isEmpty)
        #expect(try jobs.job(id)?.reason == "not needed")
        try jobs.retry(id)
        #expect(try claim().map(\.id) == [id])
        try checkCounts()
    }

    @Test func aJobOfAnotherProgramIsTakenFromIt() throws {
        let id = try add()
        let (_, token) = try claimOne()
        #expect(try jobs.cancel(id) == .cancelled)
        #expect(code { try jobs.change("test") { try $0.completeJob(id, token: token) } } == .stale)
    }

    // MARK: Dependencies

    private func finish(_ id: JobID, isSuccess: Bool = true) throws {
        let job = try #require(try jobs.claim(from: "q", limit: 100).first { $0.id == id })
        let token = try #require(job.claim?.token)
        try jobs.change("test") {
            if isSuccess {
                try $0.completeJob(id, token: token)
            } else {
                try $0.failJob(id, token: token, message: "no", isFinal: true)
            }
        }
    }

    @Test func aJobRunsAfterThoseItWaitsFor() throws {
        let first = try add()
        let second = try add()
        let last = try add { $0.after = [.success(of: first), .end(of: second)] }
        #expect(try state(last) == .blocked)
        try finish(first)
        #expect(try state(last) == .blocked)
        try jobs.cancel(second)
        #expect(try state(last) == .available)
        try finish(last)
        // One that has ended already is not waited for.
        let after = try add { $0.after = [.success(of: last)] }
        #expect(try state(after) == .available)
        try checkCounts()
    }

    @Test func aJobIsCancelledWhenWhatItNeedsFails() throws {
        let first = try add()
        let second = try add { $0.after = [.success(of: first)] }
        let third = try add { $0.after = [.success(of: second)] }
        let cleanup = try add { $0.after = [.failure(of: second)] }
        let other = try jobs.enqueue(
            {
                var request = JobRequest(queue: "other", payload: [0x31])
                request.after = [.success(of: first)]
                return request
            }()
        ).id
        try finish(first, isSuccess: false)
        #expect(try state(second) == .cancelled)
        #expect(try state(third) == .cancelled)
        #expect(try state(other) == .cancelled)
        #expect(try state(cleanup) == .available)
        let reason = try #require(try jobs.job(second)?.reason)
        #expect(reason.contains("job \(first)") && reason.contains("discarded"))
        let late = try add { $0.after = [.success(of: first)] }
        #expect(try state(late) == .cancelled)
        try checkCounts()
    }

    @Test func whatIsNotThereCannotBeWaitedFor() throws {
        #expect(code { try add { $0.after = [.success(of: 1)] } } == .notFound)
        #expect(code { try add { $0.after = [.success(of: 99)] } } == .notFound)
        #expect(try jobs.list().isEmpty)
        // A circle would need a job that comes to wait after it was enqueued.
        let id = try add { $0.key = "a" }
        let other = try add { $0.after = [.success(of: id)] }
        let circle = request {
            $0.key = "a"
            $0.conflict = .replace
            $0.after = [.success(of: other)]
        }
        #expect(code { try jobs.enqueue(circle) } == .invalid)
        let pair = try jobs.enqueue([request(), request()])
        #expect(
            try berth.transaction { try $0.enqueue(request { $0.after = [.end(of: pair[1].id)] }) }
                .id == 5)
    }

    // MARK: Transactions

    @Test func aTransactionThatThrowsEnqueuesNothing() throws {
        struct Failure: Error {}
        #expect(throws: Failure.self) {
            try berth.transaction { transaction in
                try transaction.enqueue([request(), request()])
                try transaction.setValue([0x31], forKey: "done")
                throw Failure()
            }
        }
        #expect(try jobs.list().isEmpty)
        #expect(try add() == 1)
    }

    @Test func aWaitEndsWithTheJobs() async throws {
        let id = try add()
        #expect(
            code { _ = try jobs.wait(for: .jobs([id], states: nil), timeout: .zero) } == .timedOut)
        let waiting = Task { try await jobs.wait(for: .jobs([id], states: nil)) }
        let empty = Task { try await jobs.wait(for: .emptyQueue("q")) }
        let (_, token) = try claimOne()
        try jobs.change("test") { try $0.completeJob(id, token: token) }
        #expect(try await waiting.value.map(\.state) == [.completed])
        #expect(try await empty.value.isEmpty)
        #expect(code { _ = try jobs.wait(for: .jobs([id], states: [.running])) } == .unavailable)
        #expect(code { _ = try jobs.wait(for: .jobs([9], states: nil)) } == .notFound)
    }

    // MARK: Bad input

    @Test func whatIsOutsideTheBoundsIsRefusedAndWhatIsAtThemIsNot() throws {
        let largest = "\"" + String(repeating: "x", count: 65_534) + "\""
        let key = String(repeating: "k", count: 255)
        #expect(code { try add(largest) } == nil)
        #expect(code { try add(largest.replacing("\"x", with: "\"xx")) } == .invalid)
        #expect(code { try add { $0.key = key } } == nil)
        #expect(code { try add { $0.key = key + "k" } } == .invalid)
        #expect(code { try add { $0.key = "" } } == .invalid)
        #expect(code { try add { $0.key = "a\u{1B}" } } == .invalid)
        for text in ["", "{", "nope", "1 2", "{\"a\":1,\"a\":2}"] {
            #expect(code { try add(text) } == .invalid)
        }
        for priority in [-1, 100] {
            #expect(code { try add { $0.priority = priority } } == .invalid)
        }
        for attempts in [0, 1001] {
            #expect(code { try add { $0.maximumAttempts = attempts } } == .invalid)
        }
        for queue in ["", "a/b", "a b", "ä", "*", "\"", String(repeating: "q", count: 101)] {
            #expect(code { try add { $0.queue = queue } } == .invalid)
        }
        #expect(code { try add { $0.queue = String(repeating: "q", count: 100) } } == nil)
        #expect(code { try add { $0.delay = .seconds(-1) } } == .invalid)
        #expect(code { try add { $0.timeout = .zero } } == .invalid)
        #expect(code { try add { $0.tags = Array(repeating: "t", count: 17) } } == .invalid)
        #expect(code { try add { $0.conflict = .replace } } == .invalid)
        let metadata = Array(("\"" + String(repeating: "m", count: 4095) + "\"").utf8)
        #expect(code { try add { $0.metadata = metadata } } == .invalid)
        try checkCounts()
    }
}
