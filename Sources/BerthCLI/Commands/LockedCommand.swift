// SPDX-License-Identifier: Apache-2.0

import Berth
import BerthStore

/// A command that is run under one lock or several.
struct LockedCommand {
    /// What it is run under.
    struct Grants {
        /// The locks that were taken for it.
        let held: [HeldTicket]
        /// The token of the lock that was named first; nil where it is run
        /// under no lock.
        let token: UInt64?

        /// What is no lock: the ticket of one who has items.
        init(_ ticket: HeldTicket) {
            held = [ticket]
            token = nil
        }

        /// Takes what is asked for, but for what a command that runs this one
        /// has already, where that is enough; nil where another holds it.
        init?(
            _ locks: LockService, _ requests: [LockService.Request], isReentrant: Bool
        ) throws(CoordinatorError) {
            var missing: [LockService.Request] = []
            var outer: UInt64?
            for (place, request) in requests.enumerated() {
                if isReentrant, let grant = try locks.outerGrant(request) {
                    if place == 0 { outer = grant.ticket.number }
                } else {
                    missing.append(request)
                }
            }
            guard let held = missing.isEmpty ? [] : try locks.acquireAll(missing) else {
                return nil
            }
            self.held = held
            let first = held.first { $0.name == requests[0].name }?.token
            token = outer ?? first ?? 0
        }
    }

    private let grants: Grants
    private let words: [[UInt8]]
    private let isClosed: Bool
    private let isOwnProcess: Bool
    private let context: CommandContext

    init(_ grants: Grants, _ arguments: ArgumentReader, _ context: CommandContext) {
        self.grants = grants
        self.context = context
        words = arguments.tail.map { $0.bytes }
        isClosed = arguments.has("close")
        isOwnProcess = !arguments.has("no-fork")
    }

    /// Runs it and gives the locks back when it ends. The command keeps their
    /// descriptors: if this process is killed, they stay held for as long as
    /// the command runs.
    func run() throws(CoordinatorError) -> ExitStatus {
        if let token = grants.token {
            ChildProcess.setVariable(HeldLocks.tokenVariable, String(token))
        }
        var entries = context.outerLocks
        for held in grants.held { entries = try HeldLocks.entries(entries, and: held) }
        ChildProcess.setVariable(HeldLocks.variable, entries)
        do throws(SystemError) {
            var kept: [FileDescriptor] = []
            defer { for file in kept { FileCalls.close(file) } }
            if !isClosed {
                for held in grants.held {
                    kept.append(try FileCalls.duplicateHigh(held.file))
                    kept.append(try FileCalls.duplicateHigh(held.bell))
                }
            }
            guard isOwnProcess else {
                for held in grants.held { held.describe(granted: true) }
                throw ChildProcess.become(words, inheriting: kept)
            }
            let child = try ChildProcess.start(words, inheriting: kept)
            // Beside the command, which runs already.
            for held in grants.held {
                held.describe(granted: true, command: child.identifier)
            }
            let ending = try child.wait()
            let isLost = release()
            return isLost ? .stale : ExitStatus(ending)
        } catch {
            _ = release()
            return failed(error)
        }
    }

    /// Gives the locks back, the last first; says which had been lost, and
    /// returns whether one had.
    private func release() -> Bool {
        var isLost = false
        for held in grants.held.reversed() where !held.release() {
            isLost = true
            context.output.fail(held.loss.message)
        }
        return isLost
    }

    /// In the manner of the shell: 127 where there is no such command, else 126.
    private func failed(_ error: SystemError) -> ExitStatus {
        let command = words.first.map { Argument(bytes: $0).quoted } ?? ""
        context.output.fail("cannot run " + command + ": " + error.errno.description)
        return ExitStatus(rawValue: error.errno == .noEntry ? 127 : 126)
    }
}
