// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Foundation
import Testing

@testable import Berth

// Keys of jobs, of which only one is to be done.
extension JobTests {
    @Test func aKeyKeepsASecondJobAway() throws {
        let first = try jobs.enqueue(request { $0.key = "a" })
        let second = try jobs.enqueue(request("2") { $0.key = "a" })
        #expect(first.outcome == .added && second == EnqueuedJob(id: first.id, outcome: .existing))
        #expect(try jobs.payload(of: first.id) == Array("1".utf8))
        let batch = try jobs.enqueue([request { $0.key = "b" }, request { $0.key = "b" }])
        #expect(batch.map(\.outcome) == [.added, .existing] && batch[0].id == batch[1].id)
        // While it runs, and after it has failed for now.
        let (id, token) = try claimOne()
        #expect(try jobs.enqueue(request { $0.key = "a" }).outcome == .existing)
        try jobs.change("test") {
            try $0.failJob(id, token: token, message: "no", retryAfter: .seconds(60))
        }
        #expect(try jobs.enqueue(request { $0.key = "a" }).outcome == .existing)
        try jobs.cancel(id)
        #expect(try jobs.enqueue(request { $0.key = "a" }).outcome == .added)
        try checkCounts()
    }

    @Test func theStatesOfAKeyCanBeChosen() throws {
        let id = try add { $0.key = "month" }
        let (_, token) = try claimOne()
        try jobs.change("test") { try $0.completeJob(id, token: token) }
        let again = try jobs.enqueue(
            request {
                $0.key = "month"
                $0.uniqueStates.insert(.completed)
            })
        #expect(again == EnqueuedJob(id: id, outcome: .existing))
        #expect(try jobs.enqueue(request { $0.key = "month" }).outcome == .added)
    }

    @Test func aJobReplacesTheOneWithItsKey() throws {
        let runAt = Clock.wallMilliseconds + 60_000
        let id = try add {
            $0.key = "a"
            $0.runAt = runAt
            $0.priority = 5
        }
        let long = "\"" + String(repeating: "x", count: 2000) + "\""
        let kept = try jobs.enqueue(
            request(long) {
                $0.key = "a"
                $0.conflict = .keepRunAt
            })
        #expect(kept == EnqueuedJob(id: id, outcome: .replaced))
        var job = try #require(try jobs.job(id))
        #expect(job.runAt == runAt && job.priority == 0 && job.state == .scheduled)
        #expect(try jobs.payload(of: id) == Array(long.utf8))
        let replaced = try jobs.enqueue(
            request("3") {
                $0.key = "a"
                $0.conflict = .replace
            })
        #expect(replaced.id == id)
        job = try #require(try jobs.job(id))
        #expect(job.runAt == nil && job.state == .available)
        #expect(try jobs.payload(of: id) == Array("3".utf8))
        // One that runs is left alone, and the new one comes beside it.
        _ = try claim()
        let beside = try jobs.enqueue(
            request("4") {
                $0.key = "a"
                $0.conflict = .replace
            })
        #expect(beside.outcome == .added && beside.id != id)
        #expect(try jobs.payload(of: id) == Array("3".utf8))
        try checkCounts()
    }

    @Test func aRequestReplacesOneOfTheSameCall() throws {
        let long = "\"" + String(repeating: "x", count: 2000) + "\""
        let results = try jobs.enqueue([
            request(long) { $0.key = "a" }, request("2"),
            request("3") {
                $0.key = "a"
                $0.conflict = .replace
                $0.priority = 4
                $0.delay = .seconds(60)
            },
        ])
        #expect(results.map(\.outcome) == [.added, .added, .replaced])
        #expect(results[2].id == results[0].id)
        let job = try #require(try jobs.job(results[0].id))
        #expect(job.state == .scheduled && job.priority == 4)
        #expect(try jobs.payload(of: job.id) == Array("3".utf8))
        #expect(try claim(10).map(\.id) == [results[1].id])
        try checkCounts()
    }

    @Test func aJobIsNotTriedAgainBesideAnotherWithItsKey() throws {
        let first = try add { $0.key = "a" }
        try jobs.cancel(first)
        let second = try add { $0.key = "a" }
        #expect(code { try jobs.retry(first) } == .unavailable)
        #expect(try jobs.redrive(JobFilter(states: [.cancelled])) == 0)
        #expect(try state(first) == .cancelled)
        // Once the other has ended too it is, and has its key again.
        try jobs.cancel(second)
        try jobs.retry(first)
        #expect(try state(first) == .available)
        #expect(code { try jobs.retry(second) } == .unavailable)
        #expect(
            try jobs.enqueue(request { $0.key = "a" })
                == EnqueuedJob(id: first, outcome: .existing))
        try checkCounts()
    }
}
