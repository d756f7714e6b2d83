// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#else
    #error("Berth has not been taught the C library of this platform")
#endif

/// Threads of our own, for calls that block: none of them may run on Swift's
/// cooperative pool, where a few blocked threads stop every task of the process.
package enum Thread {
    /// Enough for the engine's deepest call, and small beside a default stack.
    private static var stackSize: Int { 512 * 1024 }

    /// Runs a body on a new detached thread. The body must return: ending the
    /// thread in any other way unwinds, which a static executable pays dearly.
    package static func start(_ body: @escaping @Sendable () -> Void) throws(SystemError) {
        let context = Unmanaged.passRetained(Body(body))
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, stackSize)
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let result = pthread_create(
            &thread, &attributes,
            { context in
                #if canImport(Darwin)
                    Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                #else
                    if let context {
                        Unmanaged<Body>.fromOpaque(context).takeRetainedValue().run()
                    }
                #endif
                return nil
            }, context.toOpaque())
        if result != 0 {
            context.release()
            throw SystemError("pthread_create", Errno(rawValue: result))
        }
    }

    /// Offers the processor to other threads. The corresponding C function is
    /// `sched_yield`.
    package static func yield() {
        sched_yield()
    }

    /// The corresponding C function is `usleep`.
    package static func sleep(microseconds: UInt32) {
        usleep(microseconds)
    }

    /// Lets every other thread of the machine go first from here on, for what
    /// nobody waits for. The corresponding C functions are `nice`, which on
    /// Linux is of the calling thread alone, and `pthread_set_qos_class_self_np`.
    package static func stepBack() {
        #if canImport(Darwin)
            pthread_set_qos_class_self_np(QOS_CLASS_BACKGROUND, 0)
        #else
            _ = nice(10)
        #endif
    }

    /// A number that tells the calling thread from every other living one.
    package static var current: UInt {
        #if canImport(Darwin)
            UInt(bitPattern: pthread_self())
        #else
            UInt(pthread_self())
        #endif
    }

    /// Runs a blocking body on a thread of its own, and resumes the calling
    /// task with what it returned or threw.
    package static func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            do throws(SystemError) {
                try start { continuation.resume(with: Swift.Result { try body() }) }
            } catch {
                continuation.resume(throwing: StoreError.system("cannot start a thread", error))
            }
        }
    }

    private final class Body {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }
}
