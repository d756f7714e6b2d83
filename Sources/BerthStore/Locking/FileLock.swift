// SPDX-License-Identifier: Apache-2.0

/// The exclusive `flock` of one file, waited for in the kernel.
///
/// A wait without an end blocks the calling thread. A wait that may end early
/// blocks a thread of ours, on a description of its own: when the caller has
/// gone, that thread gives the lock back as soon as it gets it.
package final class FileLock: Sendable {
    private let storage: any StorageBackend
    /// Opens another description of the file: `flock` belongs to descriptions.
    private let open: @Sendable () throws(StoreError) -> OpenFile
    /// The description for locks that are free, and for waits without an end.
    private let file: OpenFile

    package init(
        storage: any StorageBackend,
        open: @escaping @Sendable () throws(StoreError) -> OpenFile
    ) throws(StoreError) {
        self.storage = storage
        self.open = open
        file = try open()
    }

    deinit {
        storage.close(file.descriptor)
    }

    /// How often the processor is offered to others before a thread is set to
    /// wait: a critical section is shorter than the start of a thread.
    private static var turns: Int { 64 }

    /// The lock, held. Whoever acquired it releases it.
    package struct Held {
        /// What is locked, whatever its name now stands for.
        package let file: OpenFile
        fileprivate let isOwnDescription: Bool
    }

    /// Blocks the current thread until the lock is held.
    ///
    /// - Throws: `timedOut` at the deadline, `cancelled` at a cancellation.
    package func acquire(
        until deadline: Deadline?, _ cancellation: Cancellation? = nil
    ) throws(StoreError) -> Held {
        do throws(SystemError) {
            let held = Held(file: file, isOwnDescription: false)
            for _ in 0..<Self.turns {
                if try storage.lock(file.descriptor, .exclusive, waiting: false) { return held }
                if deadline == nil, cancellation == nil { break }
                Thread.yield()
            }
            if deadline == nil, cancellation == nil {
                _ = try storage.lock(file.descriptor, .exclusive, waiting: true)
                return held
            }
        } catch {
            throw .system("cannot lock the store", error)
        }
        return Held(
            file: try wait(until: deadline, cancellation), isOwnDescription: true)
    }

    package func release(_ held: Held) {
        // Unlocked, not only closed: a child that inherited the description
        // between a fork and an exec would keep it locked.
        try? storage.unlock(held.file.descriptor)
        if held.isOwnDescription { storage.close(held.file.descriptor) }
    }

    private func wait(
        until deadline: Deadline?, _ cancellation: Cancellation?
    ) throws(StoreError) -> OpenFile {
        let file = try open()
        let storage = storage
        let attempt = Attempt()
        do throws(SystemError) {
            try Thread.start {
                let result = Result { () throws(SystemError) in
                    _ = try storage.lock(file.descriptor, .exclusive, waiting: true)
                    return file
                }
                // Abandoned: closing the description gives the lock back.
                if !attempt.finish(result) { storage.close(file.descriptor) }
            }
        } catch {
            storage.close(file.descriptor)
            throw .system("cannot start a thread to wait for the store", error)
        }
        cancellation?.onCancel { attempt.abandon(.cancelled) }
        defer { cancellation?.onCancel(nil) }
        return try attempt.outcome(until: deadline)
    }
}

/// One wait for a lock: the meeting of the thread that blocks and the caller
/// that may leave. Exactly one of the two ends it.
///
/// `@unchecked Sendable` because `outcome` is only touched under `monitor`.
private final class Attempt: @unchecked Sendable {
    private let monitor = Monitor()
    private var outcome: Result<OpenFile, StoreError>?

    /// The blocked thread came back; returns false where nobody waits any more.
    func finish(_ result: Result<OpenFile, SystemError>) -> Bool {
        end(result.mapError { .system("cannot lock the store", $0) })
    }

    /// The caller leaves.
    func abandon(_ code: StoreError.Code) {
        _ = end(.failure(StoreError(code, "the wait for the store was given up")))
    }

    private func end(_ result: Result<OpenFile, StoreError>) -> Bool {
        monitor.lock()
        defer { monitor.unlock() }
        if outcome != nil { return false }
        outcome = result
        monitor.broadcast()
        return true
    }

    func outcome(until deadline: Deadline?) throws(StoreError) -> OpenFile {
        monitor.lock()
        while outcome == nil, monitor.wait(until: deadline) {}
        if outcome == nil {
            outcome = .failure(
                StoreError(
                    .timedOut,
                    "another process has held the store's lock for too long; try again, or look "
                        + "for a stopped process"))
        }
        let result = outcome
        monitor.unlock()
        guard let result else { preconditionFailure("an attempt without an outcome") }
        return try result.get()
    }
}

/// Tells a wait, from another thread, that nobody needs its outcome.
///
/// `@unchecked Sendable` because its state is only touched under `monitor`.
package final class Cancellation: @unchecked Sendable {
    private let monitor = Monitor()
    private var isCancelled = false
    private var handler: (@Sendable () -> Void)?

    package init() {}

    package func cancel() {
        monitor.lock()
        isCancelled = true
        let handler = handler
        monitor.unlock()
        handler?()
    }

    /// What to do at the cancellation; done at once where it has come already.
    package func onCancel(_ handler: (@Sendable () -> Void)?) {
        monitor.lock()
        self.handler = handler
        let isCancelled = isCancelled
        monitor.unlock()
        if isCancelled { handler?() }
    }
}
