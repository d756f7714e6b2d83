// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Foundation
import Testing

extension ProcessTests {
    /// Whoever writes a reader in another language has the article and nothing else.
    @Suite("The article on the format")
    struct FormatArticleTests {
        private let store: TemporaryStore
        private let article: String

        init() throws {
            store = try TemporaryStore()
            let root = URL(fileURLWithPath: #filePath)
                .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            article = try String(
                contentsOf: root.appendingPathComponent("Sources/Berth/Berth.docc/StoreFormat.md"),
                encoding: .utf8)
        }

        /// Leaves a record of every kind, with all that one can have; then prints all of them.
        private static let everything = #"""
            exec 3>&1 >/dev/null
            set -e
            berth kv set name 1 --operation-id once
            berth port reserve --tag web --project shop --task fix --for-pid $$ --ttl 1h
            echo '{"reservations":{"services":{"api":{"offset":0}}}}' >group.json
            berth port reserve-group group.json
            berth pool create gpu a b c
            berth pool take gpu --tag one --idle-days 3
            berth pool take gpu --for-pid $$ --ttl 1h
            berth lock build --for-pid $$ --ttl 1h
            berth unlock build --break
            berth job limit q --running 9 --per-group 9 --keep 1h --keep-discarded 1h --keep-count 99
            berth job add q --payload 1 --attempts 3 --backoff 1s --backoff-cap 1m --timeout 1m \
                --key k --group g --tag t --metadata '{"a":1}' --priority 5
            berth job add q --payload 2 --after 1
            set -- $(berth job claim q --for-pid $$)
            berth job progress $1 50 -m half --token $2
            berth job fail $1 --token $2 -m bad --delay 0s
            set -- $(berth job claim q --lease 1h)
            berth job snooze $1 0s --token $2
            berth job add other --payload "\"$(printf '%09000d' 0)\""
            set -- $(berth job claim other --lease 1h | cut -c1-40)
            berth job done $1 --token $2 --output '{"x":1}'
            berth job cancel $(berth job add other --payload 3) --reason enough
            berth job add done --no-start -- true
            berth work done --until-empty
            berth job claim q --for-pid $$
            berth job add q --payload 4 --delay 1h
            berth job pause q
            berth job pause q --group g
            berth job limit done --keep 0s
            berth job prune
            exec berth pool run gpu -- berth store dump >&3
            """#

        @Test func everyRecordAndEveryFileIsDescribed() async throws {
            let shell = try BerthProcess.startShell(
                "cd '\(store.directory)'\n" + Self.everything, store: store)
            let outcome = await shell.outcome()
            #expect(outcome.status == 0, "\(outcome.errors)")
            var families: Set<String> = []
            for line in outcome.output.split(separator: "\n") {
                let record = try #require(
                    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                let key = try #require(record["key"] as? String)
                let family = key.split(separator: "/").prefix(2).joined(separator: "/")
                let isOne = key.split(separator: "/").count > 2 || family.hasPrefix("kv/")
                #expect(
                    article.contains("`" + (isOne ? prefix(of: family) : family + "`")), "\(key)")
                families.insert(prefix(of: family))
                if !family.hasPrefix("kv/") { try checkMembers(of: record["value"] as Any, key) }
            }
            #expect(
                families.isSuperset(of: [
                    "kv/", "ports/item/", "ports/owner/", "ports/taken/", "ports/group/",
                    "pools/pool/", "pools/held/", "locks/broken/", "job/next/", "job/item/",
                    "job/payload/", "job/output/", "job/wait/", "job/run/", "job/key/",
                    "job/after/", "job/queue/", "operations/id/", "operations/slot/",
                    "operations/count/",
                ]), "\(families.sorted())")
            for name in try FileManager.default.contentsOfDirectory(atPath: store.path) {
                #expect(article.contains("\n  " + name), "\(name)")
            }
        }

        private func prefix(of family: String) -> String {
            family.hasPrefix("kv/") ? "kv/" : family + "/"
        }

        private func checkMembers(of value: Any, _ key: String) throws {
            if let object = value as? [String: Any] {
                for (name, member) in object {
                    let isDescribed =
                        article.contains("\"\(name)\"") || article.contains("`\(name)`")
                    #expect(isDescribed, "\(name) in \(key)")
                    // What people gave is their own.
                    if ["payload", "metadata", "outcome"].contains(name) { continue }
                    try checkMembers(of: member, key)
                }
            } else if let elements = value as? [Any] {
                for element in elements { try checkMembers(of: element, key) }
            }
        }
    }
}
