// SPDX-License-Identifier: Apache-2.0

import BerthStore
import BerthTestSupport
import Testing

@testable import Berth

@Suite("Ports that are given back or go elsewhere")
struct PortEndingTests {
    private let bench: PortBench

    init() throws {
        bench = try PortBench()
        for path in ["/w", "/w/a", "/w/ab", "/wa"] {
            _ = try bench.reserve(path, in: 10...99)
            _ = try bench.reserve(path, tag: "web", in: 10...99)
        }
    }

    private func owners() throws -> Set<String> { Set(try bench.ports().values) }

    private func release(
        _ path: String, _ tags: PortSelection.Tags = .all, recursively: Bool = false
    ) throws -> Set<String> {
        let before = try owners()
        let selection = try PortSelection(of: path, tags: tags, recursively: recursively)
        try bench.perform(.release(selection))
        #expect(try bench.contradictions() == [])
        return before.subtracting(try owners())
    }

    // MARK: Release

    @Test func withoutATagAllOfADirectoryGo() throws {
        #expect(try release("/w") == ["/w", "/w with the tag web"])
    }

    @Test func aTagOrNoneGoesAlone() throws {
        #expect(try release("/w", .exactly("web")) == ["/w with the tag web"])
        #expect(try release("/w", .exactly(nil)) == ["/w"])
        let error = #expect(throws: CoordinatorError.self) { try release("/w", .exactly("web")) }
        #expect(error?.code == .notFound)
    }

    @Test func whatIsBelowIsToldByWholeComponents() throws {
        #expect(
            try release("/w", .exactly(nil), recursively: true) == ["/w", "/w/a", "/w/ab"])
        #expect(try release("/w/a", recursively: true) == ["/w/a with the tag web"])
        #expect(try release("/", recursively: true).count == 4)
    }

    // MARK: Cleaning

    @Test func onlyWhatIsGoneOrIdleIsCleaned() throws {
        bench.gone = ["/w/a"]
        bench.now += 30 * PortBench.day
        _ = try bench.reserve("/w", in: 10...99)
        var plan = try bench.perform(.clean(PortCleanup(prunes: true, idleDays: nil)))
        #expect(Set(plan.ended.map(\.path)) == ["/w/a"])
        plan = try bench.perform(.clean(PortCleanup(prunes: false, idleDays: 31)))
        #expect(plan.changes.isEmpty)
        plan = try bench.perform(.clean(PortCleanup(prunes: false, idleDays: 30)))
        #expect(plan.ended.count == 5)
        #expect(try owners() == ["/w"])
        #expect(try bench.contradictions() == [])
    }

    @Test func aRefreshBetweenTheLookAndTheDeedIsSeen() throws {
        bench.now += 40 * PortBench.day
        let doomed = try bench.ports().keys.sorted()
        _ = try bench.reserve("/w", in: 10...99)
        let cleanup = PortCleanup(prunes: false, idleDays: 30)
        let plan = try bench.perform(PortOperation(kind: .cleanAmong(cleanup, doomed)))
        #expect(plan.ended.count == 7)
        #expect(try owners() == ["/w"])
    }

    @Test func aClockThatWasSetBackMakesNothingIdle() throws {
        bench.now -= 400 * PortBench.day
        let plan = try bench.perform(.clean(PortCleanup(prunes: false, idleDays: 0)))
        #expect(plan.changes.isEmpty)
    }

    // MARK: Migration

    private func migrate(
        _ source: String, _ target: String, recursively: Bool = false, replacing: Bool = false
    ) throws {
        try bench.perform(
            .migrate(
                try PortMigration(
                    from: source, to: target, recursively: recursively, replacing: replacing)))
    }

    @Test func aDirectoryGoesWithItsPorts() throws {
        let before = try bench.ports()
        try migrate("/w", "/x")
        let after = try bench.ports()
        #expect(before.keys == after.keys)
        #expect(try owners().contains("/x with the tag web"))
        #expect(try owners().contains("/w/a") && !owners().contains("/w"))
        #expect(try bench.contradictions() == [])
    }

    @Test func aTreeGoesWithItsPorts() throws {
        try migrate("/w", "/", recursively: true)
        #expect(
            try owners() == [
                "/", "/ with the tag web", "/a", "/a with the tag web", "/ab",
                "/ab with the tag web", "/wa", "/wa with the tag web",
            ])
        #expect(try bench.contradictions() == [])
    }

    @Test func aTreeMayGoIntoItself() throws {
        let before = try bench.ports()
        try migrate("/w", "/w/a", recursively: true)
        let after = try bench.ports()
        for (port, owner) in before where owner.hasPrefix("/w/") || owner == "/w" {
            #expect(after[port] == "/w/a" + owner.dropFirst(2))
        }
        #expect(try bench.contradictions() == [])
    }

    @Test func whatStandsInTheWayStopsAll() throws {
        let before = try bench.ports()
        let error = #expect(throws: CoordinatorError.self) { try migrate("/w", "/wa") }
        #expect(error?.code == .unavailable)
        #expect(try bench.ports() == before)
        try migrate("/w", "/wa", replacing: true)
        #expect(try bench.ports().count == 6)
        #expect(try bench.contradictions() == [])
    }

    @Test func nothingToMigrateIsNotFound() throws {
        let error = #expect(throws: CoordinatorError.self) { try migrate("/none", "/x") }
        #expect(error?.code == .notFound)
        #expect(throws: CoordinatorError.self) { try migrate("/w", "/w/.") }
    }
}
