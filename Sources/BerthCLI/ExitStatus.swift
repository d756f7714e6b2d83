// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// The exit statuses of the command, in the manner of `sysexits.h`. One that
/// ran another command returns that one's.
struct ExitStatus: RawRepresentable, Hashable, Sendable {
    let rawValue: Int32

    init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Done, or yes.
    static var success: ExitStatus { ExitStatus(rawValue: 0) }
    /// The answer is no.
    static var no: ExitStatus { ExitStatus(rawValue: 1) }
    static var usage: ExitStatus { ExitStatus(rawValue: 64) }
    static var damaged: ExitStatus { ExitStatus(rawValue: 65) }
    static var notFound: ExitStatus { ExitStatus(rawValue: 66) }
    /// A bug in Berth.
    static var internalError: ExitStatus { ExitStatus(rawValue: 70) }
    /// The system refused: no descriptors, no memory.
    static var exhausted: ExitStatus { ExitStatus(rawValue: 71) }
    static var cannotCreate: ExitStatus { ExitStatus(rawValue: 73) }
    static var inputOutput: ExitStatus { ExitStatus(rawValue: 74) }
    static var busy: ExitStatus { ExitStatus(rawValue: 75) }
    /// The token is stale.
    static var stale: ExitStatus { ExitStatus(rawValue: 76) }
    static var permission: ExitStatus { ExitStatus(rawValue: 77) }
    static var configuration: ExitStatus { ExitStatus(rawValue: 78) }
    static var indeterminate: ExitStatus { ExitStatus(rawValue: 80) }
    /// Done, but the answer could not be printed.
    static var notPrinted: ExitStatus { ExitStatus(rawValue: 81) }
    static var timedOut: ExitStatus { ExitStatus(rawValue: 124) }

    /// The status that tells of a failure.
    init(_ code: CoordinatorError.Code) {
        switch code {
        case .notFound: self = .notFound
        case .cannotCreate, .unsafeLocation: self = .cannotCreate
        case .newerVersion, .damaged: self = .damaged
        case .busy, .deadlock: self = .busy
        case .timedOut: self = .timedOut
        case .stale: self = .stale
        case .unavailable: self = .no
        case .permission: self = .permission
        case .invalid: self = .usage
        case .configuration: self = .configuration
        case .noRoom, .inputOutput, .moved: self = .inputOutput
        case .exhausted: self = .exhausted
        case .indeterminate: self = .indeterminate
        default: self = .internalError
        }
    }

    /// The status of a command that was run: its own, or 128 + N where signal N ended it.
    init(_ ending: ChildProcess.Ending) {
        switch ending {
        case .exited(let status): self.init(rawValue: status)
        case .killed(let signal): self.init(rawValue: 128 + signal)
        }
    }
}
