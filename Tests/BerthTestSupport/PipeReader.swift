// SPDX-License-Identifier: Apache-2.0

import BerthStore
import Synchronization

/// Collects what comes out of a pipe, on a thread of its own.
final class PipeReader: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var isAtEnd: Bool
        var waiters: [@Sendable (String, _ isAtEnd: Bool) -> Bool] = []
    }

    /// Protects what has been read, and who waits for more.
    private let state: Mutex<State>

    /// Reads a descriptor to its end and closes it; nil is a pipe at its end.
    init(_ descriptor: Int32?) throws {
        state = Mutex(State(isAtEnd: descriptor == nil))
        guard let descriptor else { return }
        try Thread.start { [self] in
            let file = FileDescriptor(rawValue: descriptor)
            var buffer: [UInt8] = Array(repeating: 0, count: 65_536)
            while true {
                let count = buffer.withUnsafeMutableBytes { try? FileCalls.read(file, into: $0) }
                receive(buffer[..<(count ?? 0)])
                if count ?? 0 == 0 { break }
            }
            FileCalls.close(file)
        }
    }

    /// Notes what was read, nothing being the end, and tells who waits.
    private func receive(_ bytes: ArraySlice<UInt8>) {
        state.withLock { state in
            state.bytes += bytes
            if bytes.isEmpty { state.isAtEnd = true }
            let text = String(decoding: state.bytes, as: UTF8.self)
            let isAtEnd = state.isAtEnd
            state.waiters.removeAll { $0(text, isAtEnd) }
        }
    }

    /// Waits until a text has come, or the end; returns whether it has come.
    func contains(_ wanted: String) async -> Bool {
        await wait { text, isAtEnd in
            if text.contains(wanted) { return true }
            return isAtEnd ? false : nil
        }
    }

    /// Waits for the end, and returns all that has come.
    func all() async -> String {
        await wait { text, isAtEnd in isAtEnd ? text : nil }
    }

    private func wait<Result: Sendable>(
        until answer: @escaping @Sendable (String, _ isAtEnd: Bool) -> Result?
    ) async -> Result {
        let event = Event<Result>()
        state.withLock { state in
            let waiter: @Sendable (String, Bool) -> Bool = { text, isAtEnd in
                guard let result = answer(text, isAtEnd) else { return false }
                event.set(result)
                return true
            }
            let text = String(decoding: state.bytes, as: UTF8.self)
            if !waiter(text, state.isAtEnd) { state.waiters.append(waiter) }
        }
        return await event.wait()
    }
}
