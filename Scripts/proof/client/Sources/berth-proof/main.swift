// SPDX-License-Identifier: Apache-2.0
//
// What the rigs of Scripts/proof ask of the library, through its public face
// alone: a process that keeps one coordinator, does what each line of its
// standard input says, and answers each with a line.
//
//     berth-proof DIRECTORY [DURABILITY]
//
//     get KEY               BEGIN END ok VERSION JSON, or BEGIN END none
//     set KEY VERSION JSON  BEGIN END ok VERSION       VERSION: a number, 0 for absent, * for any
//     delete KEY VERSION    BEGIN END ok VERSION, or BEGIN END none
//
// BEGIN and END are nanoseconds of CLOCK_MONOTONIC around the call. A condition
// that does not hold is `no`; a failure that changed nothing is `failed CODE`,
// and one of which nobody knows is `maybe CODE`.

import Berth
import Foundation

let durabilities: [String: Coordinator.Durability] = [
    "full": .full, "strict": .strict, "process": .process,
]
let arguments = Array(CommandLine.arguments.dropFirst())
guard let directory = arguments.first,
    let durability = durabilities[arguments.count > 1 ? arguments[1] : "full"]
else {
    exit(64)
}
let session = Session(
    try Coordinator.open(at: directory, durability: durability, timeout: .seconds(30)))
while let line = readLine() {
    let begin = now()
    let answer = session.answer(to: line)
    say("\(begin) \(now()) \(answer)\n")
}

/// Writes a line at once: the process may be killed before the next.
func say(_ line: String) {
    var rest = Array(line.utf8)[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
        guard count > 0 else { exit(1) }
        rest = rest.dropFirst(count)
    }
}

func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}
