// SPDX-License-Identifier: Apache-2.0

/// Waits for a file's `flock` in the place of a caller who may leave early.
///
/// Its thread and the callers share one description, so no caller may touch
/// the lock while the thread is at it: unless ``isIdle``, a caller waits for
/// the thread, even if it was an earlier one who sent it.
///
/// `@unchecked Sendable` because everything that varies is only touched under
/// `monitor`.
final class LockWaiter: @unchecked Sendable {
    let storage: any StorageBackend
    let file: OpenFile
    private let monitor = Monitor()
    private var hasThread = false
    private var isRetired = false
    /// Whether the thread waits for the lock.
    private var isAtIt = false
    /// Whether a caller waits for the thread.
    private var isWanted = false
    /// What the thread, or a cancellation, has for the caller.
    private var outcome: Result<Void, StoreError>?
    /// Counts the waits: a cancellation that comes late must not end the next one.
    private var wait: UInt64 = 0

    init(_ storage: any StorageBackend, _ file: OpenFile) {
        self.storage = storage
        self.file = file
    }

    /// The last to let go is the owner or the thread.
    deinit {
        storage.close(file.descriptor)
    }

    /// Nobody will wait any more: the thread ends as soon as it can.
    func retire() {
        monitor.lock()
        isRetired = true
        monitor.broadcast()
        monitor.unlock()
    }

    /// Whether a caller may touch the lock.
    var isIdle: Bool {
        monitor.lock()
        defer { monitor.unlock() }
        return !isAtIt && !isWanted
    }

    /// Blocks the current thread until the lock is held.
    ///
    /// - Throws: `timedOut` at the deadline, `cancelled` at a cancellation.
    func wait(
        until deadline: Deadline?, _ cancellation: Cancellation?
    ) throws(StoreError) {
        let wait = try begin()
        cancellation?.onCancel { self.cancel(wait) }
        defer { cancellation?.onCancel(nil) }
        monitor.lock()
        while outcome == nil, monitor.wait(until: deadline) {}
        // From here on the thread gives back what it gets.
        isWanted = false
        let result = outcome
        monitor.unlock()
        guard let result else { throw timedOut }
        try result.get()
    }

    /// Who holds the lock, where that can be told.
    var timedOut: StoreError {
        StoreError(
            .timedOut,
            LockHolder.text(of: file.status.identity)
                + " has held the store's lock for too long; try again, or look for a stopped process"
        )
    }

    private func begin() throws(StoreError) -> UInt64 {
        monitor.lock()
        defer { monitor.unlock() }
        if !hasThread {
            do throws(SystemError) {
                try Thread.start { self.work() }
            } catch {
                throw .system("cannot start a thread to wait for the store", error)
            }
            hasThread = true
        }
        wait += 1
        outcome = nil
        isWanted = true
        monitor.broadcast()
        return wait
    }

    private func cancel(_ wait: UInt64) {
        monitor.lock()
        defer { monitor.unlock() }
        guard wait == self.wait, isWanted, outcome == nil else { return }
        outcome = .failure(StoreError(.cancelled, "the wait for the store was given up"))
        monitor.broadcast()
    }

    /// What the thread does for as long as it lives.
    private func work() {
        monitor.lock()
        defer { monitor.unlock() }
        while !isRetired {
            guard isWanted, outcome == nil else {
                _ = monitor.wait(until: nil)
                continue
            }
            isAtIt = true
            monitor.unlock()
            let result = Result { () throws(SystemError) in
                _ = try storage.lock(file.descriptor, .exclusive, waiting: true)
            }
            monitor.lock()
            isAtIt = false
            if isWanted, outcome == nil {
                outcome = result.mapError { .system("cannot lock the store", $0) }
                monitor.broadcast()
            } else if case .success = result {
                try? storage.unlock(file.descriptor)
            }
        }
    }
}
