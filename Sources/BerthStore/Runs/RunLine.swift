// SPDX-License-Identifier: Apache-2.0

/// A line of a run: a record, a tombstone or a fence.
///
/// ```
/// {"h":…,"o":OFFSET,"n":VERSION,"k":"KEY","v":VALUE}    a record
/// {"h":…,"o":OFFSET,"n":VERSION,"k":"KEY"}              a tombstone
/// {"h":…,"o":OFFSET,"f":"KEY","at":OFFSET}              a fence
/// ```
///
/// `o` is the line's own offset, so a line in the wrong place is noticed.
struct RunLine {
    /// Longer than any line: a value, a key and the members around them.
    static var maximumLength: Int { StoreLimits.maximumValue + 4096 }

    enum Content {
        case record(version: UInt64, value: Range<Int>?)
        case fence(at: Int)
    }

    /// Where the key's text is in the line.
    let key: Range<Int>
    let content: Content

    /// Reads a line, without its newline; nil where it is not valid, or not at
    /// its place. Without a place, any is right.
    init?(_ line: UnsafeRawBufferPointer, at offset: Int?, _ key: SipHash) {
        guard Frame.verified(line, key) != nil else { return nil }
        self.init(verified: line, at: offset)
    }

    /// Reads a line that was verified as a part of something larger.
    init?(verified line: UnsafeRawBufferPointer, at offset: Int?) {
        guard line.count > Frame.prefixLength else { return nil }
        let base = Frame.prefixLength
        var scanner = Scanner(UnsafeRawBufferPointer(rebasing: line[base...]))
        guard scanner.skip(",\"o\":"), let stated = scanner.number(),
            offset == nil || offset == Int(exactly: stated)
        else { return nil }
        if scanner.skip(",\"n\":") {
            guard let version = scanner.number(), scanner.skip(",\"k\":"),
                let key = scanner.string()
            else { return nil }
            self.key = key.moved(by: base)
            if scanner.skip(",\"v\":") {
                guard let value = scanner.value() else { return nil }
                content = .record(version: version, value: value.moved(by: base))
            } else {
                content = .record(version: version, value: nil)
            }
        } else {
            guard scanner.skip(",\"f\":"), let key = scanner.string(), scanner.skip(",\"at\":"),
                let at = scanner.number(), let at = Int(exactly: at)
            else { return nil }
            self.key = key.moved(by: base)
            content = .fence(at: at)
        }
        guard scanner.skip("}"), scanner.isAtEnd else { return nil }
    }

    /// Appends the line of an entry, which begins at an offset of the file.
    static func append(
        _ entry: Entry, at offset: Int, _ key: SipHash, to lines: inout [UInt8]
    ) {
        let start = Frame.beginNext(&lines)
        lines.append(",\"o\":")
        lines.append(decimal: offset)
        lines.append(",\"n\":")
        lines.append(decimal: entry.version)
        lines.append(",\"k\":\"")
        lines.append(contentsOf: entry.key)
        lines.append("\"")
        if let value = entry.value {
            lines.append(",\"v\":")
            lines.append(contentsOf: value)
        }
        _ = Frame.end(&lines, from: start, key)
    }

    /// Appends a fence, which begins at an offset of the file.
    static func append(
        fence text: [UInt8], to target: Int, at offset: Int, _ key: SipHash,
        to lines: inout [UInt8]
    ) {
        let start = Frame.beginNext(&lines)
        lines.append(",\"o\":")
        lines.append(decimal: offset)
        lines.append(",\"f\":\"")
        lines.append(contentsOf: text)
        lines.append("\",\"at\":")
        lines.append(decimal: target)
        _ = Frame.end(&lines, from: start, key)
    }
}

extension Entry {
    /// The record or tombstone that a line of a run is; nil for a fence.
    init?(_ line: RunLine, in bytes: UnsafeRawBufferPointer) {
        guard case .record(let version, let value) = line.content else { return nil }
        self.init(
            key: Array(bytes[line.key]), value: value.map { Array(bytes[$0]) }, version: version)
    }
}
