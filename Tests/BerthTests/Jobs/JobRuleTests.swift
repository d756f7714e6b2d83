// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Testing

@testable import Berth

@Suite("Rules of jobs")
struct JobRuleTests {
    private static let events: [JobEvent] = [
        .claim, .complete, .retryLater, .discard, .snooze, .requeue, .cancel, .revive, .unblock,
        .unblockLater,
    ]

    @Test func onlyAWorkerEndsAnAttempt() {
        for state in JobState.allCases {
            for event in [JobEvent.complete, .retryLater, .discard, .snooze, .requeue] {
                #expect((state.after(event) != nil) == (state == .running))
            }
            #expect((state.after(.claim) == .running) == state.isWaiting)
            #expect((state.after(.cancel) == .cancelled) == !state.isFinal)
        }
    }

    @Test func everyStateCanBeLeftAndEveryStateReached() {
        var reached: Set<JobState> = [.available, .scheduled, .blocked]
        for state in JobState.allCases {
            let next = Self.events.compactMap { state.after($0) }
            #expect(!next.isEmpty)
            reached.formUnion(next)
        }
        #expect(reached == Set(JobState.allCases))
        #expect(Set(JobState.allCases.map(\.place)) == Set(0..<JobState.allCases.count))
    }

    @Test(arguments: [(1, 16), (2, 31), (3, 96), (10, 10_015), (20, 86_400), (1000, 86_400)])
    func standardBackoffGrowsToItsCap(failures: Int, seconds: Int) {
        let backoff = JobBackoff.standard()
        #expect(backoff.delay(after: failures, jitter: 0) == .seconds(seconds))
        #expect(backoff.delay(after: failures, jitter: 1) == .milliseconds(seconds * 1100))
        #expect(backoff.delay(after: failures, jitter: -1) == .milliseconds(seconds * 900))
    }

    @Test func doublingBackoffDoublesToItsCap() {
        let backoff = JobBackoff.doubling(from: .seconds(1), cap: .seconds(10))
        let delays = [1, 2, 3, 4, 5, 500].map { backoff.delay(after: $0, jitter: 0) }
        #expect(delays == [1, 2, 4, 8, 10, 10].map { .seconds($0) })
    }

    // MARK: Whether a claim holds

    private let here = Holder.Surroundings(boot: "b", pidNamespace: 1, timeNamespace: 2, host: "h")

    private func claim(
        _ proof: JobClaim.Proof, boot: String = "b", host: String = "h", timeNamespace: UInt64 = 2,
        leaseEnd: UInt64? = nil, timeoutEnd: UInt64? = nil
    ) -> JobClaim {
        let there = Holder.Surroundings(
            boot: boot, pidNamespace: 1, timeNamespace: timeNamespace, host: host)
        return JobClaim(
            token: 1, since: 0,
            holder: Holder(process: 9, start: 5, instance: nil, surroundings: there),
            proof: proof, leaseEnd: leaseEnd, timeoutEnd: timeoutEnd)
    }

    private func verdict(
        _ claim: JobClaim, at now: UInt64 = 0, alive: Bool? = true,
        process: ProcessObservation = .missing
    ) -> ClaimVerdict {
        ClaimVerdict.of(
            claim, from: here, at: now, isAlive: { _ in alive }, observe: { _ in process })
    }

    @Test func aClaimEndsOnProofAlone() {
        let living = ProcessObservation.found(
            ProcessFacts(start: 5, parent: 1, state: UInt8(ascii: "S"), threads: 1, instance: nil))
        #expect(verdict(claim(.member("m")), alive: true) == .holds)
        #expect(verdict(claim(.member("m")), alive: false) == .died)
        // Where its file is gone, the process decides.
        #expect(verdict(claim(.member("m")), alive: nil, process: living) == .holds)
        #expect(verdict(claim(.member("m")), alive: nil, process: .unreadable) == .holds)
        #expect(verdict(claim(.member("m")), alive: nil, process: .missing) == .died)
        #expect(verdict(claim(.process), process: living) == .holds)
        #expect(verdict(claim(.process), process: .missing) == .died)
        #expect(verdict(claim(.lease), at: .max, process: .missing) == .holds)
    }

    @Test func anotherBootEndsAClaimButNotThatOfAnotherMachine() {
        #expect(verdict(claim(.lease, boot: "old")) == .rebooted)
        #expect(verdict(claim(.member("m"), boot: "old"), alive: false) == .rebooted)
        #expect(verdict(claim(.member("m"), boot: "old", host: "other"), alive: false) == .holds)
    }

    @Test func timeEndsAClaimOnlyWhereTheJobAskedForIt() {
        let lease = claim(.lease, leaseEnd: 100)
        #expect(verdict(lease, at: 99) == .holds)
        #expect(verdict(lease, at: 100) == .leaseEnded)
        // Another time namespace counts from another moment.
        #expect(verdict(claim(.lease, timeNamespace: 3, leaseEnd: 100), at: 200) == .holds)
        // A worker that lives is given time to end its job itself.
        let timeout = claim(.member("m"), timeoutEnd: 100)
        #expect(verdict(timeout, at: 100) == .holds)
        #expect(verdict(timeout, at: 100 + ClaimVerdict.patience) == .timedOut)
        #expect(verdict(claim(.lease, timeoutEnd: 100), at: 100) == .timedOut)
    }

    // MARK: Records

    @Test func aJobSurvivesItsRecord() throws {
        var request = JobRequest(queue: "q", payload: Array("{\"a\":[1,2]}".utf8), kind: "mail")
        request.priority = 7
        request.runAt = 9_000_000_000_000
        request.maximumAttempts = 3
        request.backoff = .doubling(from: .seconds(2), cap: .seconds(60))
        request.timeout = .seconds(9)
        request.key = "key \"1\""
        request.group = "g"
        request.tags = ["x", "y z"]
        request.metadata = Array("{\"m\":null}".utf8)
        request.after = [.success(of: 3), .end(of: 4)]
        var job = Job(try request.checked(), id: 12, created: 1000)
        job.state = .running
        job.attempt = 2
        job.claim = claim(.command(of: "member"), leaseEnd: 5, timeoutEnd: 6)
        job.lastToken = 44
        job.pending = [.end(of: 4)]
        job.progress = try JobProgress(percent: 40, message: "on the way")
        for attempt in 1...12 {
            job.note(
                JobFailure(attempt: attempt, at: 5, message: String(repeating: "é", count: 400)))
        }
        job.reason = "why"
        job.hasOutput = true
        job.isBeingCancelled = true
        let record = Record(key: JobRecords.item(12), value: job.json, version: 1)
        #expect(try Job(record) == job)
        #expect(job.failures.count == 10 && job.failures[0].attempt == 3)
        #expect(job.failures[0].message.utf8.count == 500)
    }

    @Test(arguments: [
        "", "{}", "[]", "{\"id\":12}", "{\"id\":13,\"queue\":\"q\",\"kind\":\"k\"}",
    ])
    func aDamagedRecordIsRefused(text: String) {
        let record = Record(key: JobRecords.item(12), value: Array(text.utf8), version: 1)
        #expect { try Job(record) } throws: { ($0 as? CoordinatorError)?.code == .damaged }
    }

    @Test func placesSortAsTheirTextsDo() {
        let places = [
            JobPlace(order: 1, id: 9), JobPlace(order: 1, id: 10), JobPlace(order: 2, id: 1),
            JobPlace(order: 999_999, id: 3), JobPlace(order: 1_000_000, id: 2),
        ]
        #expect(places.sorted() == places)
        #expect(places.map(\.digits).sorted() == places.map(\.digits))
        #expect(places.map { JobPlace($0.digits.utf8) } == places)
    }

    @Test(arguments: ["05a:job", "99s:a.b:c"])
    func aLaneSurvivesItsName(name: String) {
        #expect(JobLane(name)?.name == name)
    }
}
