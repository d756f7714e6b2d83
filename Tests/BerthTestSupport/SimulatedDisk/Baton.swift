// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Threads of which one runs at a time: the one that holds the baton. Who gets
/// it next follows from a seed alone.
///
/// `@unchecked Sendable`: only the thread that holds the baton touches anything.
package final class Baton: @unchecked Sendable {
    /// One thread, or the one that called ``run(seed:restlessness:_:)``.
    private final class Seat: @unchecked Sendable {
        private let monitor = Monitor()
        private var mayGo = false
        var body: (() -> Void)?
        /// Nil where it waits for nothing but its turn.
        var isReady: (() -> Bool)?
        var isDone = true
        /// How often it is chosen, beside the others.
        var weight = 1

        func go() {
            monitor.lock()
            mayGo = true
            monitor.broadcast()
            monitor.unlock()
        }

        func waitForTurn() {
            monitor.lock()
            while !mayGo { _ = monitor.wait(until: nil) }
            mayGo = false
            monitor.unlock()
        }
    }

    private let seats: [Seat]
    private let caller = Seat()
    private var current = 0
    private var isClosed = false
    private var random = SeededRandom(seed: 0)
    private var restlessness = 0
    /// Called where nobody can go on; makes sure that somebody can.
    package var onDeadlock: () -> Void = { preconditionFailure("nobody can go on") }

    /// Starts so many threads.
    package init(threads: Int) throws {
        seats = (0..<threads).map { _ in Seat() }
        for index in seats.indices {
            try Thread.start { [seats] in
                while true {
                    seats[index].waitForTurn()
                    guard let body = seats[index].body else { return }
                    body()
                }
            }
        }
    }

    /// Ends the threads.
    package func close() {
        guard !isClosed else { return }
        isClosed = true
        for seat in seats {
            seat.body = nil
            seat.go()
        }
    }

    deinit {
        close()
    }

    /// Runs each body on a thread of its own, and returns when all have returned.
    ///
    /// `restlessness` says of how many calls, in 100, the baton is handed over.
    package func run(seed: UInt64, restlessness: Int, _ bodies: [() -> Void]) {
        precondition(bodies.count <= seats.count, "more bodies than threads")
        random = SeededRandom(seed: seed)
        self.restlessness = restlessness
        for (index, body) in bodies.enumerated() {
            let seat = seats[index]
            seat.isReady = nil
            seat.isDone = false
            // Some hardly ever get their turn: they meet a world that went on without them.
            seat.weight = [1, 4, 4, 16][number(4)]
            seat.body = { [unowned self] in
                body()
                finish()
            }
        }
        guard let first = choose() else { return }
        current = first
        seats[first].go()
        caller.waitForTurn()
        for seat in seats { seat.isReady = nil }
    }

    // MARK: What the thread that runs may do

    /// Which thread it is.
    package var holder: Int { current }

    /// Hands the baton over, now and then.
    package func turn() {
        if number(100) < restlessness { pass() }
    }

    /// Hands the baton over, where anybody else can go on.
    package func pause() {
        let others = seats.indices.filter { $0 != current && canGoOn(seats[$0]) }
        if !others.isEmpty { hand(to: others[number(others.count)]) }
    }

    /// Hands the baton over until a condition holds.
    package func wait(until isReady: @escaping () -> Bool) {
        let seat = seats[current]
        seat.isReady = isReady
        pass()
        seat.isReady = nil
    }

    private func finish() {
        seats[current].isDone = true
        if seats.allSatisfy(\.isDone) { return caller.go() }
        guard let next = chooseSomebody() else { return }
        current = next
        seats[next].go()
    }

    private func pass() {
        if let next = chooseSomebody() { hand(to: next) }
    }

    private func hand(to next: Int) {
        if next == current { return }
        let seat = seats[current]
        current = next
        seats[next].go()
        seat.waitForTurn()
    }

    private func chooseSomebody() -> Int? {
        if let next = choose() { return next }
        onDeadlock()
        let next = choose()
        precondition(next != nil, "nobody can go on")
        return next
    }

    private func canGoOn(_ seat: Seat) -> Bool {
        !seat.isDone && seat.isReady?() ?? true
    }

    private func choose() -> Int? {
        let ready = seats.indices.filter { canGoOn(seats[$0]) }
        var left = ready.reduce(0) { $0 + seats[$1].weight }
        if left == 0 { return nil }
        left = number(left)
        for index in ready {
            left -= seats[index].weight
            if left < 0 { return index }
        }
        return nil
    }

    /// A number below a bound, from the seed.
    package func number(_ bound: Int) -> Int {
        Int(truncatingIfNeeded: random.next() % UInt64(bound))
    }
}
