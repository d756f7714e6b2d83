// SPDX-License-Identifier: Apache-2.0

/// The exclusive `flock` of one file, waited for in the kernel.
///
/// A wait blocks the calling thread. One that may be cancelled, or whose
/// deadline the calling thread cannot be told, blocks a thread of ours, which
/// is kept for the next one: when the caller has gone, that thread gives the
/// lock back as soon as it gets it.
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
        if waiter.isIdle, let isHeld = try acquireHere(until: deadline, cancellation) {
            if !isHeld { throw waiter.timedOut }
        } else {
            try waiter.wait(until: deadline, cancellation)
        }
        return Held(file: waiter.file)
    }

    /// The lock, where nobody else has it and none of our threads is at it.
    func acquireIfFree() throws(StoreError) -> Held? {
        guard waiter.isIdle else { return nil }
        do throws(SystemError) {
            let file = waiter.file
            let isFree = try waiter.storage.lock(file.descriptor, .exclusive, waiting: false)
            return isFree ? Held(file: file) : nil
        } catch {
            throw .system("cannot lock the store", error)
        }
    }

    /// Waits on the calling thread. Returns whether the lock is held, which it
    /// is not at the deadline; nil where a thread of ours has to wait.
    private func acquireHere(
        until deadline: Deadline?, _ cancellation: Cancellation?
    ) throws(StoreError) -> Bool? {
        let storage = waiter.storage
        let file = waiter.file.descriptor
        do throws(SystemError) {
            if try storage.lock(file, .exclusive, waiting: false) { return true }
            if cancellation != nil { return nil }
            guard let deadline else { return try storage.lock(file, .exclusive, waiting: true) }
            return try storage.lock(file, .exclusive, until: deadline)
        } catch {
            throw .system("cannot lock the store", error)
        }
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
