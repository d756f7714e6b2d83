// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Testing

@testable import Berth

// What holds for all jobs of a queue: pauses, limits, how long they are kept.
extension JobTests {
    @Test func aPausedQueueGivesNothing() throws {
        try add()
        try jobs.pause("q")
        #expect(try claim().isEmpty)
        let reopened = try Coordinator.open(at: store.path)
        #expect(try reopened.jobs.queues().first?.settings.isPaused == true)
        try jobs.resume("q")
        #expect(try claim().count == 1)
    }

    @Test func aLimitHoldsOverAllClaims() throws {
        try jobs.updateQueue("q") { $0.limit = 2 }
        try jobs.enqueue((0..<5).map { _ in request() })
        let first = try claim(10)
        #expect(first.count == 2)
        #expect(try claim(10).isEmpty)
        let token = try #require(first[0].claim?.token)
        try jobs.change("test") { try $0.completeJob(first[0].id, token: token) }
        #expect(try claim(10).map(\.id) == [3])
        try checkCounts()
    }

    @Test func aGroupIsLimitedAndDoesNotHoldUpOthers() throws {
        try jobs.updateQueue("q") { $0.limitPerGroup = 1 }
        let groups = ["a", "a", "b", nil, "a", nil]
        try jobs.enqueue(groups.map { group in request { $0.group = group } })
        let first = try claim(10)
        #expect(first.map(\.id) == [1, 3, 4, 6])
        #expect(try claim(10).isEmpty)
        let token = try #require(first[0].claim?.token)
        try jobs.change("test") { try $0.completeJob(1, token: token) }
        #expect(try claim(10).map(\.id) == [2])
        try checkCounts()
    }

    @Test func endedJobsAreRemovedByAgeAndByNumber() throws {
        try jobs.enqueue(
            (0..<600).map {
                request(String($0)) {
                    $0.key =
                        "k" + String($0.payload.count) + String(decoding: $0.payload, as: UTF8.self)
                }
            })
        for job in try claim(500) {
            let token = try #require(job.claim?.token)
            try jobs.change("test") { try $0.completeJob(job.id, token: token, output: [0x31]) }
        }
        #expect(try jobs.prune() == 0)
        try jobs.updateQueue("q") { $0.keepsAtMost = 400 }
        #expect(try jobs.prune() == 100)
        #expect(try jobs.job(100) == nil && jobs.output(of: 100) == nil)
        #expect(try jobs.job(101) != nil)
        try jobs.updateQueue("q") { $0.keepsCompleted = .zero }
        #expect(try jobs.prune() == 400)
        #expect(try jobs.list().count == 100)
        #expect(try add() == 601)
        try checkCounts()
        // Nothing of them is left.
        let keys = try berth.read { view in
            var keys: [String] = []
            try view.forEach(prefix: "job/") {
                keys.append($0.key.text)
                return true
            }
            return keys
        }
        #expect(keys.filter { $0.hasPrefix("job/output/") }.isEmpty)
        #expect(keys.filter { $0.hasPrefix("job/key/") }.count == 100)
    }

    @Test func manyThatComeAtOnceMakeRoomForThemselves() throws {
        try jobs.updateQueue("q") { $0.keepsCompleted = .zero }
        for _ in 0..<3 {
            try jobs.enqueue((0..<600).map { _ in request() })
            for job in try claim(600) {
                let token = try #require(job.claim?.token)
                try jobs.change("test") { try $0.completeJob(job.id, token: token) }
            }
        }
        // In passing: of those before, none is left.
        #expect(try jobs.list().map(\.id.rawValue) == Array(1201...1800))
        try checkCounts()
    }

    @Test func theLogsOfRemovedJobsGoWhoeverDiesBetween() throws {
        let ids = try jobs.enqueue((0..<3).map { _ in request() }).map(\.id)
        for id in ids { FileCalls.close(try JobLog.open(id, in: store.path)) }
        try jobs.updateQueue("q") { $0.keepsCompleted = .zero }
        try jobs.cancel(ids[0])
        // As one would leave it that dies before it removes the log.
        let step = try jobs.change("prune") { try $0.pruneStep(at: Clock.wallMilliseconds) }
        #expect(step.removed == [ids[0]])
        func logs() throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: store.path + "/logs").sorted()
        }
        #expect(try logs() == ["1.log", "2.log", "3.log"])
        try jobs.cancel(ids[1])
        #expect(try jobs.prune() == 1)
        #expect(try logs() == ["3.log"])
        // And what the last one remembers is forgotten.
        #expect(try jobs.prune() == 0)
        #expect(try berth.read { try $0.record(JobRecords.unlogged) } == nil)
    }

    @Test func aQueueWithoutJobsIsForgottenUnlessItHasSettings() throws {
        for queue in ["q", "other"] {
            let id = try add { $0.queue = queue }
            try jobs.updateQueue(queue) { $0.keepsCompleted = .zero }
            try jobs.cancel(id)
        }
        try jobs.updateQueue("q") { $0.keepsCompleted = JobQueueSettings().keepsCompleted }
        #expect(try jobs.prune() == 1)
        #expect(try jobs.queues().map(\.name) == ["other", "q"])
        try jobs.updateQueue("q") { $0.keepsAtMost = 0 }
        #expect(try jobs.prune() == 1)
        try jobs.updateQueue("other") { $0 = JobQueueSettings() }
        try jobs.cancel(try add { $0.queue = "other" })
        #expect(try jobs.prune() == 0)
        let now = Clock.wallMilliseconds + 100_000_000
        try jobs.change("prune") { _ = try $0.pruneStep(at: now) }
        #expect(try jobs.queues().map(\.name) == ["q"])
        #expect(try add { $0.queue = "other" } == 4)
        try checkCounts()
    }

    // MARK: Groups that are paused

    @Test func aPausedGroupGivesNothingAndDoesNotHoldUpOthers() throws {
        try jobs.pause("q", group: "a")
        let groups = ["a", "b", nil, "a"]
        try jobs.enqueue(groups.map { group in request { $0.group = group } })
        #expect(try claim(10).map(\.id) == [2, 3])
        #expect(try claim(10).isEmpty)
        let reopened = try Coordinator.open(at: store.path)
        #expect(try reopened.jobs.queues().first?.settings.pausedGroups == ["a"])
        // The queue's own pause is another.
        try jobs.pause("q")
        try jobs.resume("q", group: "a")
        #expect(try claim(10).isEmpty)
        try jobs.resume("q")
        #expect(try claim(10).map(\.id) == [1, 4])
        try checkCounts()
    }

    @Test func groupsAreFoundAndDrainedByThemselves() throws {
        for group in ["a", "b"] { try add { $0.group = group } }
        let claimed = try claim(2)
        #expect(try jobs.list(JobFilter(group: "b")).map(\.id) == [2])
        let goal = Jobs.Goal.idleQueue("q", group: "a")
        #expect(code { _ = try jobs.wait(for: goal, timeout: .zero) } == .timedOut)
        let token = try #require(claimed.first?.claim?.token)
        try jobs.change("test") { try $0.completeJob(1, token: token) }
        #expect(try jobs.wait(for: goal, timeout: .zero).isEmpty)
        #expect(code { _ = try jobs.wait(for: .idleQueue("q"), timeout: .zero) } == .timedOut)
    }

    @Test func onlySoManyGroupsArePaused() throws {
        for number in 1...64 { try jobs.pause("q", group: "g\(number)") }
        #expect(code { try jobs.pause("q", group: "g65") } == .invalid)
        #expect(code { try jobs.pause("q", group: "") } == .invalid)
        #expect(try jobs.queues().first?.settings.pausedGroups.count == 64)
    }

    @Test func aWaitForAnEmptyQueueTellsWhatFailedMeanwhile() async throws {
        let old = try add()
        try await jobs.cancel(old)
        let ids = try await jobs.enqueue((0..<3).map { _ in request() }).map(\.id)
        let waiting = Task { try await jobs.wait(for: .emptyQueue("q")) }
        // It sleeps.
        let bells = store.path + "/bells"
        while (try? FileManager.default.contentsOfDirectory(atPath: bells))?.isEmpty ?? true {
            await Task.yield()
        }
        let claimed = try claim(3)
        let token = try #require(claimed.first?.claim?.token)
        try jobs.change("test") {
            try $0.completeJob(ids[0], token: token)
            try $0.failJob(ids[1], token: token, message: "no", isFinal: true)
            try $0.cancelJob(ids[2])
        }
        #expect(try await waiting.value.map(\.id) == [ids[1], ids[2]])
        #expect(try await jobs.wait(for: .emptyQueue("q")).isEmpty)
    }
}
