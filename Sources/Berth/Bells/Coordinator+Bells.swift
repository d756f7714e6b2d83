// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// What somebody found who looked for something.
package enum Look<Result> {
    case found(Result)
    /// Not yet. Where a deadline is given, it may be there by then although
    /// nobody rings; so it may when a process ends.
    case nothing(until: Deadline?, watching: [ProcessWatch] = [])
}

extension Coordinator {
    /// Looks for something until it is there, and sleeps in between until a
    /// transaction brings something of the kind. Blocks the current thread.
    ///
    /// The look must be a transaction, see ``Bell``: one that changes nothing
    /// is one too.
    ///
    /// - Returns: What was found; nil where it was not there by the deadline.
    /// - Throws: `cancelled` at a cancellation, and what the look throws.
    package func wait<Result>(
        for interests: [Interest], until deadline: Deadline?, _ cancellation: Cancellation? = nil,
        _ look: () throws -> Look<Result>
    ) throws -> Result? {
        if case .found(let result) = try look() { return result }
        if let deadline, deadline.isPast { return nil }
        var bell = try Bell(interests, in: path)
        var place = try? PlaceWatch(of: path, bell.path)
        let wakeUp: WakeUp?
        do throws(SystemError) {
            wakeUp = cancellation == nil ? nil : try WakeUp()
        } catch {
            throw CoordinatorError.system("cannot wait", error)
        }
        if let wakeUp { cancellation?.onCancel { wakeUp.wake() } }
        defer { cancellation?.onCancel(nil) }
        while true {
            // Asked once it is watched.
            if !bell.isNamed {
                try waitForStore(wakeUp)
                bell = try Bell(interests, in: path)
                place = try? PlaceWatch(of: path, bell.path)
            }
            let next: Deadline?
            let watches: [ProcessWatch]
            switch try look() {
            case .found(let result): return result
            case .nothing(let until, let watching):
                next = until
                watches = watching
            }
            if let deadline, deadline.isPast { return nil }
            let ends = [wakeUp?.reading, place?.file].compactMap { $0 }
            let ready = try withExtendedLifetime(watches) {
                try bell.wait(
                    beside: ends + watches.map(\.file), until: Deadline.sooner(deadline, next))
            }
            if let ready, ready > 0, ready <= ends.count {
                if ends[ready - 1] == wakeUp?.reading { throw Self.cancelled }
                // What was told may have been less than a removal.
                place = try? PlaceWatch(of: path, bell.path)
            }
        }
    }

    private static var cancelled: CoordinatorError {
        CoordinatorError(.cancelled, "the wait was cancelled")
    }

    /// Waits for the moment that it takes to remove the store, or to put another
    /// in its place: for one who finds his bell gone.
    ///
    /// - Throws: `moved` where there is none then: nothing is made in its place.
    func waitForStore(_ wakeUp: WakeUp? = nil) throws(CoordinatorError) {
        let files = wakeUp.map { [$0.reading] } ?? []
        let ready: Int?
        do throws(SystemError) {
            ready = try Poll.wait(files, until: Deadline(after: .milliseconds(100)))
        } catch {
            throw .system("cannot wait", error)
        }
        if ready != nil { throw Self.cancelled }
        if (try? FileCalls.status(ofPath: path)) == nil {
            throw CoordinatorError(.moved, "the store " + path + " is gone")
        }
    }

    /// Looks for something until it is there, as the synchronous twin does, on
    /// a thread of its own. The wait ends when the task is cancelled.
    package func wait<Result: Sendable>(
        for interests: [Interest], until deadline: Deadline?,
        _ look: @escaping @Sendable () throws -> Look<Result>
    ) async throws -> Result? {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await onThread {
                try self.wait(for: interests, until: deadline, cancellation, look)
            }
        } onCancel: {
            cancellation.cancel()
        }
    }
}

extension CoordinatorTransaction {
    /// Says that the transaction brings something that others may sleep for.
    package mutating func ring(_ interest: Interest) {
        bells.insert(interest)
    }
}
