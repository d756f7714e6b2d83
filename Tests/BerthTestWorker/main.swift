// SPDX-License-Identifier: Apache-2.0

// A program of the tests: what only another process can do, such as to sleep
// and be killed. Its first word says what.

import Berth
import BerthStore

let words = Array(CommandLine.arguments.dropFirst())
let berth = try Coordinator.open()

func say(_ line: String) {
    var bytes = Array((line + "\n").utf8)
    bytes.withUnsafeMutableBytes { _ = try? FileCalls.write(.standardOutput, .init($0)) }
}

switch words.first {
case "sleep": try sleep(until: words[1])
case "present": try stayPresent()
case "hold": try hold(words[1])
default: say("what is that?")
}

/// Sleeps until a key has a value.
func sleep(until key: String) throws {
    var looks = 0
    let value: KeyValue? = try berth.wait(for: [Interest("test", key)], until: nil) {
        looks += 1
        let value = try berth.transaction { try $0.value(forKey: key) }
        if let value { return .found(value) }
        // The second look is the one after the bell was put up.
        if looks == 2 { say("asleep") }
        return .nothing(until: nil)
    }
    say("found " + (value?.text ?? ""))
}

/// Is there until it is killed, and says who dies before it.
func stayPresent() throws {
    let presence = try Presence(in: berth.path)
    let ring = try PresenceRing(presence) { dead in
        for member in dead { say("dead " + member) }
        return dead
    }
    say("present " + presence.member)
    _ = try WakeUp().wait()
    ring.stop()
}

/// Has an item of a pool until it is killed.
func hold(_ pool: String) throws {
    try berth.pool(pool).withItems { items in
        say("has " + items.joined(separator: " "))
        try WakeUp().wait()
    }
}

extension WakeUp {
    /// Nobody wakes it.
    func wait() throws { _ = try Poll.wait([reading], until: nil) }
}
