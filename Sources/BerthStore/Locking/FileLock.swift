// SPDX-License-Identifier: Apache-2.0

/// The exclusive `flock` of one file, waited for in the kernel.
///
/// A wait without an end blocks the calling thread. A wait that may end early
/// blocks a thread of ours, which is kept for the next one: when the caller
/// has gone, that thread gives the lock back as soon as it gets it.
///
/// One thread at a time acquires it: `flock` would not keep two apart that
/// share a description.
package final class FileLock: Sendable {
    private let waiter: LockWaiter

    package init(
        storage: any StorageBackend, open: () throws(StoreError) -> OpenFile
    ) throws(StoreError) {
        waiter = LockWaiter(storage, try open())
    }

    /// The lock of a file that is open already; it is closed with the lock.
    init(storage: any StorageBackend, _ file: OpenFile) {
        waiter = LockWaiter(storage, file)
    }

    deinit {
        waiter.retire()
    }

    /// How often the processor is offered to others before a thread is set to
    /// wait: a critical section is shorter than two changes of thread. Oftener
    /// is not faster, and lets those who come overtake those who wait.
    private static var turns: Int { 16 }

    /// The lock, held. Whoever acquired it releases it.
    package struct Held {
        /// What is locked, whatever its name now stands for.
        package let file: OpenFile
    }

    /// Blocks the current thread until the lock is held.
    ///
    /// - Throws: `timedOut` at the deadline, with who holds it where that can
    ///   be told; `cancelled` at a cancellation.
    package func acquire(
        until deadline: Deadline?, _ cancellation: Cancellation? = nil
    ) throws(StoreError) -> Held {
        let file = waiter.file
        let isEndless = deadline == nil && cancellation == nil
        if waiter.isIdle {
            do throws(SystemError) {
                let storage = waiter.storage
                for turn in 1...Self.turns {
                    if try storage.lock(file.descriptor, .exclusive, waiting: false) {
                        return Held(file: file)
                    }
                    if isEndless || turn == Self.turns { break }
                    Thread.yield()
                }
                if isEndless {
                    _ = try storage.lock(file.descriptor, .exclusive, waiting: true)
                    return Held(file: file)
                }
            } catch {
                throw .system("cannot lock the store", error)
            }
        }
        try waiter.wait(until: deadline, cancellation)
        return Held(file: file)
    }

    package func release(_ held: Held) {
        // Unlocked, not only closed: a child that inherited the description
        // between a fork and an exec would keep it locked.
        try? waiter.storage.unlock(held.file.descriptor)
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
