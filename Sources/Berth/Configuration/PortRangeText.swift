// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// How a port or a range of them is written: `5000`, or `5000..5010` with
/// both ends in it.
package enum PortRangeText {
    /// Reads a range; nil where the text is none.
    package static func range(_ text: String) -> ClosedRange<Int>? {
        let bytes = trimmed(Array(text.utf8)[...])
        guard let dot = bytes.firstIndex(of: UInt8(ascii: ".")) else {
            return port(bytes).map { $0...$0 }
        }
        guard bytes[dot...].starts(with: "..".utf8), let low = port(trimmed(bytes[..<dot])),
            let high = port(trimmed(bytes[(dot + 2)...])), low <= high
        else { return nil }
        return low...high
    }

    /// Writes a range.
    package static func text(_ range: ClosedRange<Int>) -> String {
        range.count == 1
            ? String(range.lowerBound)
            : String(range.lowerBound) + ".." + String(range.upperBound)
    }

    private static func port(_ digits: ArraySlice<UInt8>) -> Int? {
        guard let port = Int(decimal: digits), PortSet.all.contains(port) else { return nil }
        return port
    }

    private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var rest = text.drop { $0 == UInt8(ascii: " ") }
        while rest.last == UInt8(ascii: " ") { rest.removeLast() }
        return rest
    }
}
