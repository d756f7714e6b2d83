// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

@testable import Berth

@Suite("Configuration")
struct ConfigurationTests {
    private func read(
        _ text: String, _ kind: PortConfiguration.FileKind = .project
    ) throws -> PortConfiguration {
        try PortConfiguration(ConfigurationText(Array(text.utf8), name: "berth.json"), kind)
    }

    @Test func everySettingIsRead() throws {
        let configuration = try read(
            """
            \u{FEFF}{ // a comment with "quotes" and { braces
              "project": "shop", /* another, // of two
              lines */ "ports": {"min": 5000, "max": 7000},
              "excluded_ports": [5001, "5005..5009", {"start": 6000, "end": 6001}/**/],
              "cleanup": {"expire_after_days": 12},
              "occupancy_check": {"skip": false, "skip_ip4": true, "skip_ip6": false,
                "skip_tcp": false, "skip_udp": true, "check_all_interfaces": false},
              "reservations": {"base": 5100, "services": {
                "web": {"offset": 0, "preferred": 8080, "env": "WEB_PORT"}, "my-api": {"offset": 1}}},
              "disable_autoinit": true, "disable_autoprune": true, "disable_autoexpire": false,
              "allow_unrelated_path": true, "allow_change_project": false, "allow_change": true,
              "maximum_lock_wait_seconds": 7, "output_format": "csv"
            }
            """)
        #expect(configuration.project == "shop")
        #expect(try configuration.range() == 5000...7000)
        #expect(configuration.excluded.ranges == [5001...5001, 5005...5009, 6000...6001])
        #expect(configuration.idleDays == 12)
        #expect(configuration.checks.checksTCP && !configuration.checks.checksUDP)
        #expect(!configuration.checks.checksIPv4 && configuration.checks.checksIPv6)
        #expect(!configuration.checks.checksAllInterfaces)
        #expect(configuration.services?.services.map(\.variable) == ["MY_API", "WEB_PORT"])
        #expect(configuration.services?.base == 5100)
        #expect(configuration.forbidsCreation == true && configuration.keepsLost == true)
        #expect(configuration.keepsIdle == false && configuration.allowsUnrelatedPath == true)
        #expect(configuration.allowsProjectChange == false)
        #expect(configuration.allowsTaskChange == true)
        #expect(configuration.lockSeconds == 7 && configuration.outputFormat == .csv)
    }

    @Test(arguments: [
        ("", "line 1, column 1"), ("[]", "line 1, column 1"), ("{} {}", "line 1, column 4"),
        ("nonsense", "line 1, column 1"), ("{\"a\":1}", "line 1, column 2"),
        ("{\n  \"project\": 5}", "line 2, column 14"),
        ("{\"project\":\"\"}", "line 1, column 12"),
        ("{\"project\":\"a\",\n\"project\":\"b\"}", "line 2"),
        ("{\"ports\":{\"min\":0}}", "line 1, column 17"),
        ("{\"ports\":{\"min\":\"5\"}}", "line 1, column 17"),
        ("{\"ports\":{\"min\":1.5}}", "line 1, column 17"),
        ("{\"ports\":{\"min\":9,\"max\":8}}", "min is above max"),
        ("{\"ports\":{\"max\":9,\"max_offset\":8}}", "both max and max_offset"),
        ("{\"ports\":{\"top\":9}}", "line 1, column 11"),
        ("{\"excluded_ports\":5}", "line 1, column 19"),
        ("{\"excluded_ports\":[5,\n  70000]}", "line 2, column 3"),
        ("{\"excluded_ports\":[\"9..8\"]}", "line 1, column 20"),
        ("{\"excluded_ports\":[\"5,6\"]}", "line 1, column 20"),
        ("{\"cleanup\":{\"expire_after_days\":-1}}", "line 1, column 33"),
        ("{\"cleanup\":{\"expire_after_days\":0}}", "line 1, column 33"),
        ("{\"occupancy_check\":{\"skip\":1}}", "line 1, column 28"),
        ("{\"allow_change\":\"yes\"}", "line 1, column 17"),
        ("{\"output_format\":\"xml\"}", "line 1, column 18"),
        ("{\"reservations\":{\"services\":{}}}", "no services"),
        (
            "{\"reservations\":{\"services\":{\"a\":{\"offset\":0},\n\"b\":{\"offset\":0}}}}",
            "line 2, column 1: the services a and b have the same offset"
        ),
        ("{\"reservations\":{\"services\":{\"a\":{\"env\":\"A;rm -rf ~\"}}}}", "line 1, column 30"),
        ("{\"reservations\":{\"services\":{\"a\":{\"port\":1}}}}", "line 1, column 35"),
        ("{\"reservations\":{\"services\":{\"a\":[]}}}", "line 1, column 34"),
        ("{\"ä\u{1F600}\":1, /* never closed", "line 1, column 10: this comment has no end"),
        ("{\"project\":\"a\\ud800\"}", "line 1"), ("{\"project\":\"\u{7}\"}", "line 1"),
        ("{\"project\":\"a\",}", "line 1, column 16"),
    ])
    func aMistakeIsToldWithItsPlace(text: String, place: String) {
        let error = #expect(throws: CoordinatorError.self) { try read(text) }
        #expect(error?.code == .configuration)
        #expect(error?.message.hasPrefix("berth.json, line ") == true)
        #expect(error?.message.contains(place) == true, "\(error?.message ?? "")")
    }

    @Test func deepNestingIsRefused() {
        let text = String(repeating: "[", count: 100_000)
        #expect(throws: CoordinatorError.self) { try read(text) }
    }

    @Test func aStoresFileHasNoProject() throws {
        #expect(throws: CoordinatorError.self) { try read("{\"project\":\"a\"}", .user) }
        #expect(throws: CoordinatorError.self) {
            try read("{\"reservations\":{\"services\":{\"a\":{}}}}", .user)
        }
        _ = try read("{\"reservations\":null}", .user)
    }

    // MARK: Weight

    @Test func theNearestSourceCounts() throws {
        let store = try TemporaryStore()
        let project = try store.makeDirectory("shop")
        let inner = try store.makeDirectory("shop/a/b")
        func write(_ path: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        }
        _ = try store.makeDirectory("store")
        try write(
            store.path + "/config.json",
            "{\"ports\":{\"min\":1000,\"max\":1999},\"excluded_ports\":[1],"
                + "\"cleanup\":{\"expire_after_days\":1},\"output_format\":\"csv\"}")
        try write(
            project + "/berth.json",
            "{\"ports\":{\"min\":2000,\"max\":2999},\"excluded_ports\":[2],"
                + "\"cleanup\":{\"expire_after_days\":2},"
                + "\"reservations\":{\"services\":{\"a\":{},\"b\":{\"offset\":1}}}}")
        try write(
            project + "/berth.local.json",
            "{\"ports\":{\"min\":2500},\"excluded_ports\":[3],"
                + "\"reservations\":{\"services\":{\"c\":{}}}}")
        let files = ConfigurationFiles(for: inner, store: store.path)
        #expect(files.project == project)
        #expect(files.projectFile == project + "/berth.local.json")
        let loaded = try PortConfiguration.load(files) { name in
            name == "BERTH_PORT_MAX"
                ? Array("2600".utf8)
                : name == "BERTH_EXCLUDED_PORTS" ? Array("4, 7..8".utf8) : nil
        }
        #expect(try loaded.range() == 2500...2600)
        #expect(loaded.excluded.ranges == [1...4, 7...8])
        #expect(loaded.idleDays == 2 && loaded.outputFormat == .csv)
        // A group replaces another whole; nothing of both is mixed.
        #expect(loaded.services?.services.map(\.tag) == ["c"])
        try write(project + "/berth.local.json", "{\"reservations\":null}")
        #expect(try PortConfiguration.load(files) { _ in nil }.services == nil)
    }

    @Test(arguments: [
        ("BERTH_PORT_MIN", "0"), ("BERTH_PORT_MIN", "x"), ("BERTH_PORT_MAX", "65536"),
        ("BERTH_SKIP_TCP", "maybe"), ("BERTH_EXCLUDED_PORTS", "1,x"),
        ("BERTH_EXPIRE_AFTER_DAYS", "-1"), ("BERTH_OUTPUT_FORMAT", "xml"),
        ("BERTH_BUSY_TIMEOUT", "1s"), ("BERTH_PROJECT", "a\nb"),
    ])
    func aVariableThatIsWrongIsNamed(name: String, value: String) {
        let error = #expect(throws: CoordinatorError.self) {
            try PortConfiguration(environment: { $0 == name ? Array(value.utf8) : nil })
        }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains(name) == true)
    }

    // MARK: Editing

    @Test(arguments: [
        ("{}", "{\n    \"excluded_ports\": [7]\n}"),
        (
            "{ // c\n \"project\": \"a\"}",
            "{\n    \"excluded_ports\": [7], // c\n \"project\": \"a\"}"
        ),
        ("{\"excluded_ports\": [ /* none */ ]}", "{\"excluded_ports\": [7 /* none */ ]}"),
        (
            "{\"excluded_ports\": [1, \"2..3\" /* x */ ]} // e",
            "{\"excluded_ports\": [1, \"2..3\", 7 /* x */ ]} // e"
        ),
    ])
    func anEditLeavesEverythingElse(before: String, after: String) throws {
        let text = try ConfigurationText(Array(before.utf8), name: "f")
        let edited = try ExclusionEdit.adding([7...7], to: text)
        #expect(String(decoding: edited, as: UTF8.self) == after)
        #expect(try read(after).excluded.contains(7))
    }

    @Test func compactingWritesTheFewestRanges() throws {
        let before = "{\"excluded_ports\": [5, 4, \"6..8\", 8], \"project\": \"a\" /* c */}"
        let text = try ConfigurationText(Array(before.utf8), name: "f")
        let edited = try #require(try ExclusionEdit.compacted(text))
        #expect(
            String(decoding: edited, as: UTF8.self)
                == "{\"excluded_ports\": [\"4..8\"], \"project\": \"a\" /* c */}")
        let again = try ConfigurationText(edited, name: "f")
        #expect(try ExclusionEdit.compacted(again) == nil)
    }
}
