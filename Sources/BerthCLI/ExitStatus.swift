// SPDX-License-Identifier: Apache-2.0

/// The exit statuses of the command, in the manner of `sysexits.h`.
enum ExitStatus: Int32 {
    /// Done, or yes.
    case success = 0
    /// The answer is no.
    case no = 1
    case usage = 64
    case damaged = 65
    case notFound = 66
    /// A bug in Berth.
    case internalError = 70
    /// The system refused: no descriptors, no memory.
    case exhausted = 71
    case cannotCreate = 73
    case inputOutput = 74
    case busy = 75
    /// The token is stale.
    case stale = 76
    case permission = 77
    case configuration = 78
    case indeterminate = 80
    /// Done, but the answer could not be printed.
    case notPrinted = 81
    case timedOut = 124
}
