// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// What a command line of `flock(1)` asks for.
enum FlockRequest: Hashable {
    case help, version
    case lock(FlockPlan)
}

/// What is to be locked, how, and what is run under the lock.
struct FlockPlan: Hashable {
    enum Command: Hashable {
        /// The lock stays with whoever has the file open.
        case none
        case words([Argument])
        /// One text, for the shell to run.
        case shell(Argument)
    }

    var lock: UserFileLock
    /// Whether a lock that another holds is waited for.
    var isWaiting = true
    /// How long it is waited for; nil is for ever, 0 is not at all, and what
    /// is less no timer takes.
    var microseconds: Int64?
    /// The status where another holds the lock.
    var conflictStatus: Int32 = 1
    /// Whether the command does without the locked file.
    var isFileClosed = false
    /// Whether the command takes this process's place.
    var isOwnProcess = true
    var isVerbose = false
    var command = Command.none
}

/// A command line that `flock(1)` does not understand: status 64.
struct FlockUsageError: Error, Hashable {
    let message: String
    /// Whether it is said where to read on.
    var pointsToHelp = false
}
