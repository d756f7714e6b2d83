// SPDX-License-Identifier: Apache-2.0

import BerthTestSupport
import Testing

@testable import BerthStore

/// Entries that are sorted in, beside a plain dictionary.
@Suite struct EntryTableTests {
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func sortedInEntriesAreThoseOfADictionary(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var table = EntryTable()
        var model: [String: (value: String?, version: UInt64)] = [:]
        for version in 1...30 as ClosedRange<UInt64> {
            var line: [UInt8] = []
            var places: [EntryTable.Place] = []
            for _ in 0..<Int.random(in: 0...40, using: &random) {
                let key = "key/" + String(Int.random(in: 0..<200, using: &random))
                let value: String? =
                    Bool.random(using: &random)
                    ? String(UInt8.random(in: 0...9, using: &random)) : nil
                let start = line.count
                line += Array(key.utf8)
                let end = line.count
                line += Array((value ?? "").utf8)
                places.append(
                    EntryTable.Place(
                        start..<end, value.map { _ in end..<line.count }, of: version,
                        from: table.bytes.count))
                model[key] = (value, version)
            }
            line.withUnsafeBytes { table.append($0) }
            table.insert(&places)
        }
        let expected = model.map {
            Entry(
                key: Array($0.key.utf8), value: $0.value.value.map { Array($0.utf8) },
                version: $0.value.version)
        }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        #expect((0..<table.count).map { table.entry(at: $0) } == expected)
        for number in 0..<200 {
            let key = "key/" + String(number)
            let found = Array(key.utf8).withUnsafeBytes { table.find($0) }
            #expect(found?.version == model[key]?.version)
            #expect(found?.value == model[key]?.value.map { Array($0.utf8) })
        }
    }

    @Test func onlyAGreaterKeyIsAddedAtTheEnd() {
        var table = EntryTable()
        Array("abc".utf8).withUnsafeBytes { table.append($0) }
        func place(_ index: Int) -> EntryTable.Place {
            EntryTable.Place(index..<index + 1, nil, of: 1, from: 0)
        }
        let areTaken = [1, 1, 0, 2].map { table.append(place($0)) }
        #expect(areTaken == [true, false, false, true] && table.count == 2)
    }
}
