// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Decides which of several simulated processes makes the next call, and what
/// befalls it.
package protocol CallDirector: AnyObject, Sendable {
    /// Returns when a process may make its next call; says what befalls it.
    func turn(of process: SimulatedProcess, before call: SimulatedCall) -> Fault.Effect?

    /// Returns when what a process waits for may have come, or the process is gone.
    func wait(of process: SimulatedProcess, until isReady: @escaping () -> Bool)

    /// Lets others go on where there are any.
    func pause(of process: SimulatedProcess)

    /// Takes note of a call that is being made, and of the bytes that it writes.
    func note(
        _ call: SimulatedCall, _ subject: @autoclosure () -> String,
        _ bytes: UnsafeRawBufferPointer?, by process: SimulatedProcess)
}
