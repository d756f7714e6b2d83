// SPDX-License-Identifier: Apache-2.0

extension DiskState {
    /// Runs a body on the states that a power cut may leave now.
    ///
    /// Of a few pending changes every subset is tried; of many: none, all,
    /// each prefix, each one missing, each one alone, pairs, and some at
    /// random. A file system that keeps the order of its entries leaves
    /// prefixes of them; the other subsets stand for weaker ones.
    ///
    /// Different choices may come to the same state: the caller knows states
    /// by their ``digest``. Choices that `seen` has are left out.
    package func forEachPowerCut(
        _ random: inout SeededRandom, samples: Int = 8, seen: inout Set<Int>,
        _ body: (DiskState) throws -> Void
    ) rethrows {
        let (names, contents) = pendingOrders
        let start = min(names.first ?? order, contents.first ?? order)
        var kept = Array(repeating: true, count: order - start)

        func run(_ nameChoice: [Bool], _ contentChoice: [Bool]) throws {
            for (index, order) in names.enumerated() { kept[order - start] = nameChoice[index] }
            for (index, order) in contents.enumerated() {
                kept[order - start] = contentChoice[index]
            }
            guard seen.insert(Self.digest(of: kept, from: start)).inserted else { return }
            try body(afterPowerCut { $0 < start || kept[$0 - start] })
        }

        let all = Array(repeating: true, count: names.count)
        for content in Self.subsets(of: contents.count, samples: samples, &random) {
            try run(all, content)
        }
        guard !names.isEmpty else { return }
        for name in Self.subsets(of: names.count, samples: samples, &random) {
            try run(name, Array(repeating: true, count: contents.count))
            try run(name, Array(repeating: false, count: contents.count))
            for _ in 0..<2 { try run(name, Self.randomSubset(of: contents.count, &random)) }
        }
    }

    /// Which changes arrived, as a number: equal for equal choices, also if
    /// one was made later, when more could be missing.
    private static func digest(of kept: [Bool], from start: Int) -> Int {
        let end = (kept.lastIndex(of: true) ?? -1) + 1
        var hasher = Hasher()
        hasher.combine(start + end)
        for index in 0..<end where !kept[index] { hasher.combine(start + index) }
        return hasher.finalize()
    }

    /// What one power cut leaves: nothing or all of what was pending, what was
    /// written up to some moment, or some of it at random.
    package func afterPowerCut(_ random: inout SeededRandom) -> DiskState {
        let kind = random.next() % 4
        let bound = Int(truncatingIfNeeded: random.next() % UInt64(max(1, order)))
        let salt = random.next()
        return afterPowerCut { order in
            switch kind {
            case 0: return false
            case 1: return true
            case 2: return order < bound
            default:
                var choice = SeededRandom(seed: salt &+ UInt64(order))
                return choice.next() & 1 == 0
            }
        }
    }

    /// What a power cut leaves if nothing arrived that was not flushed.
    package var afterWorstPowerCut: DiskState { afterPowerCut { _ in false } }

    /// The places of the pending changes of entries, and of those of files,
    /// in the order in which they were made.
    private var pendingOrders: (names: [Int], contents: [Int]) {
        var names: [Int] = []
        var contents: [Int] = []
        var aside: Set<Int> = []
        for (_, directory) in directories {
            for name in bystanders {
                guard let number = directory.entries[name] else { continue }
                aside.formUnion(directories[number]?.entries.values.map { $0 } ?? [])
                aside.insert(number)
            }
        }
        for (number, directory) in directories where !aside.contains(number) {
            names += directory.pending.map(\.order)
        }
        for (number, file) in files where !aside.contains(number) {
            contents += file.pending.map(\.order)
        }
        return (names.sorted(), contents.sorted())
    }

    /// Which of so many changes arrive, each choice as a row of flags.
    static func subsets(of count: Int, samples: Int, _ random: inout SeededRandom) -> [[Bool]] {
        if count <= 4 {
            return (0..<1 << count).map { bits in (0..<count).map { bits >> $0 & 1 == 1 } }
        }
        var subsets: [[Bool]] = []
        for length in 0...count { subsets.append((0..<count).map { $0 < length }) }
        for flag in [true, false] {
            for index in 0..<count {
                var subset = Array(repeating: !flag, count: count)
                subset[index] = flag
                subsets.append(subset)
                guard count <= 8 else { continue }
                for second in index + 1..<max(count, index + 1) {
                    subset[second] = flag
                    subsets.append(subset)
                    subset[second] = !flag
                }
            }
        }
        for _ in 0..<samples { subsets.append(randomSubset(of: count, &random)) }
        return subsets
    }

    private static func randomSubset(of count: Int, _ random: inout SeededRandom) -> [Bool] {
        let bits = random.next()
        return (0..<count).map { bits >> UInt64($0 & 63) & 1 == 1 }
    }
}
