// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Inputs that a fuzzer has found, one in a file.
package enum Corpus {
    /// The inputs in the directory `corpus` beside a source file.
    package static func inputs(beside file: String) throws -> [[UInt8]] {
        let directory = URL(fileURLWithPath: file).deletingLastPathComponent()
            .appendingPathComponent("corpus", isDirectory: true)
        return try FileManager.default.contentsOfDirectory(atPath: directory.path).sorted().map {
            Array(try Data(contentsOf: directory.appendingPathComponent($0)))
        }
    }
}
