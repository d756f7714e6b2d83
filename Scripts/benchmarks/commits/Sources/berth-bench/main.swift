// SPDX-License-Identifier: Apache-2.0
//
// What Scripts/bench asks of the library, through its public face alone:
//
//     berth-bench DIRECTORY DURABILITY BEGIN END
//     berth-bench fill DIRECTORY COUNT
//
// The first is a worker of `fleet` (see fleet.c). The second makes a store of
// many records whose journal is just under the size of a rotation.

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
    print(try commit(to: arguments[0], durability, from: begin, until: end))
} else {
    exit(64)
}
