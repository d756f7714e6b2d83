// SPDX-License-Identifier: Apache-2.0
//
// What Scripts/bench asks of the library, through its public face alone:
//
//     berth-bench DIRECTORY DURABILITY BEGIN END
//     berth-bench times FOLDER DIRECTORY DURABILITY BEGIN END
//     berth-bench work DIRECTORY DURABILITY BEGIN END
//     berth-bench enqueue DIRECTORY DURABILITY COUNT
//     berth-bench fill DIRECTORY COUNT
//     berth-bench clock
//     berth-bench turns STORE FILE BEGIN END
//     berth-bench read STORE HOLD END
//     berth-bench write STORE PAUSE END
//     berth-bench takeover STORE ROUNDS
//     berth-bench hold STORE
//     berth-bench tasks STORE COUNT END
//     berth-bench claims DIRECTORY COUNT
//     berth-bench finish DIRECTORY COUNT
//     berth-bench idle STORE
//     berth-bench starts STORE ROUNDS
//     berth-bench rescues STORE ROUNDS
//     berth-bench command-rescues BERTH STORE ROUNDS
//     berth-bench storm STORE FOLDER COUNT
//
// The first is a worker of `fleet` (see fleet.c). The second is one as well,
// and leaves in a folder how long each commit took, in microseconds. The third
// is one that does jobs, see Jobs.swift, and the fourth enqueues them. The fifth
// makes a store of many records whose journal is just under the size of a
// rotation. The next contend for a lock, see Contenders.swift; the one after
// has many tasks wait for one, see Tasks.swift; and the last measure workers,
// see Workers.swift.

import Berth
import Foundation

let durabilities: [String: Coordinator.Durability] = [
    "full": .full, "strict": .strict, "process": .process,
]
let arguments = Array(CommandLine.arguments.dropFirst())
if arguments.count == 3, arguments[0] == "fill", let records = Int(arguments[2]) {
    try fill(arguments[1], with: records)
} else if arguments.count == 4, let durability = durabilities[arguments[1]],
    let begin = UInt64(arguments[2]), let end = UInt64(arguments[3])
{
    print(try commit(to: arguments[0], durability, from: begin, until: end).count)
} else if arguments.count == 6, arguments[0] == "times",
    let durability = durabilities[arguments[3]], let begin = UInt64(arguments[4]),
    let end = UInt64(arguments[5])
{
    let times = try commit(to: arguments[2], durability, from: begin, until: end)
    let lines = times.map { String($0 / 1000) + "\n" }.joined()
    try Data(lines.utf8).write(to: URL(fileURLWithPath: arguments[1] + "/\(getpid())"))
    print(times.count)
} else if arguments.count == 5, arguments[0] == "work",
    let durability = durabilities[arguments[2]], let begin = UInt64(arguments[3]),
    let end = UInt64(arguments[4])
{
    print(try work(in: arguments[1], durability, from: begin, until: end))
} else if arguments.count == 4, arguments[0] == "enqueue",
    let durability = durabilities[arguments[2]], let count = Int(arguments[3])
{
    print(try enqueue(count, in: arguments[1], durability))
} else if arguments.count == 4, arguments[0] == "tasks", let count = Int(arguments[2]),
    let end = UInt64(arguments[3])
{
    for delay in try await delays(besides: count, in: arguments[1], until: end) { print(delay) }
} else if try contend(arguments) {
    exit(0)
} else if !(try await workForMeasure(arguments)) {
    exit(64)
}
