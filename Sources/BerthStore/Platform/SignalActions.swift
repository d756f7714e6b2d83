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

// What is set for a signal, whose handler each C library keeps under a name of its own.

typealias SignalHandler =
    @convention(c) (Int32, UnsafeMutablePointer<siginfo_t>?, UnsafeMutableRawPointer?) -> Void

/// Where a handler is: 0 is `SIG_DFL`, 1 is `SIG_IGN`.
func handlerAddress(of action: sigaction) -> Int {
    #if canImport(Darwin)
        unsafeBitCast(action.__sigaction_u.__sa_handler, to: Int.self)
    #elseif canImport(Glibc)
        unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
    #else
        unsafeBitCast(action.__sa_handler.sa_handler, to: Int.self)
    #endif
}

func isIgnoring(_ action: sigaction) -> Bool {
    handlerAddress(of: action) == 1
}

func setHandler(_ handler: SignalHandler, of action: inout sigaction) {
    #if canImport(Darwin)
        action.__sigaction_u.__sa_sigaction = handler
    #elseif canImport(Glibc)
        action.__sigaction_handler.sa_sigaction = handler
    #else
        action.__sa_handler.sa_sigaction = handler
    #endif
}
