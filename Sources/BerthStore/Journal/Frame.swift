// SPDX-License-Identifier: Apache-2.0

/// One line of a journal or a run: `{"h":"<16 hex>",…}` and a newline.
///
/// `h` is the hash of all bytes after its own field, up to the newline. Whether
/// a line is valid is decided on its bytes, before anything in it is read.
enum Frame {
    /// The bytes up to and including the `h` field: `{"h":"0123456789abcdef"`.
    static var prefixLength: Int { 23 }

    /// What fills a file beyond its last line: text tools read past it.
    static var fill: UInt8 { UInt8(ascii: "\n") }

    /// Begins a line in memory of its own. What follows is appended with a
    /// leading comma.
    static func begin(capacity: Int) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(capacity)
        _ = beginNext(&line)
        return line
    }

    /// Begins a line in the memory of an earlier one.
    static func begin(_ line: inout [UInt8]) {
        line.removeAll(keepingCapacity: true)
        _ = beginNext(&line)
    }

    /// Begins a line behind others; returns where it begins.
    static func beginNext(_ lines: inout [UInt8]) -> Int {
        lines.append("{\"h\":\"0000000000000000\"")
        return lines.count - prefixLength
    }

    /// Ends a line that begins at `start`: pads it with spaces where a size is
    /// asked for, closes the object, writes the hash into its field, and
    /// appends the newline. Returns the hash.
    static func end(
        _ line: inout [UInt8], from start: Int = 0, paddedTo size: Int? = nil, _ key: SipHash
    ) -> UInt64 {
        line.append(UInt8(ascii: "}"))
        if let size {
            let spaces: StaticString = "                                                "
            while line.count - start < size - 1 {
                line.append(spaces, atMost: size - 1 - (line.count - start))
            }
        }
        let hash = line.withUnsafeMutableBytes { line in
            let hash = key.hash(UnsafeRawBufferPointer(rebasing: line[(start + prefixLength)...]))
            let (high, low) = hash.hexadecimalDigits
            line.storeBytes(of: high, toByteOffset: start + 6, as: UInt64.self)
            line.storeBytes(of: low, toByteOffset: start + 14, as: UInt64.self)
            return hash
        }
        line.append(UInt8(ascii: "\n"))
        return hash
    }

    /// The hash that a line, without its newline, carries, where it is the right one.
    static func verified(_ line: UnsafeRawBufferPointer, _ key: SipHash) -> UInt64? {
        guard let stated = statedHash(line) else { return nil }
        let hash = key.hash(UnsafeRawBufferPointer(rebasing: line[prefixLength...]))
        return hash == stated ? hash : nil
    }

    private static func statedHash(_ line: UnsafeRawBufferPointer) -> UInt64? {
        guard line.count > prefixLength else { return nil }
        var scanner = Scanner(line)
        guard scanner.skip("{\"h\":"), let hash = scanner.hexadecimal() else { return nil }
        return hash
    }
}

extension [UInt8] {
    /// Appends a text that is known to need no escape.
    mutating func append(_ text: StaticString) {
        append(text, atMost: text.utf8CodeUnitCount)
    }

    /// Appends the first bytes of such a text.
    fileprivate mutating func append(_ text: StaticString, atMost count: Int) {
        append(
            contentsOf: UnsafeBufferPointer(
                start: text.utf8Start, count: Swift.min(count, text.utf8CodeUnitCount)))
    }

    /// Appends a number in 16 hexadecimal digits and quotes.
    mutating func append(quotedHexadecimal number: UInt64) {
        append(UInt8(ascii: "\""))
        append(hexadecimal: number)
        append(UInt8(ascii: "\""))
    }
}

/// Walks over a line that Berth wrote, whose members come in a fixed order.
struct Scanner {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    var isAtEnd: Bool { position == bytes.count }

    /// Moves past a text, where it stands here.
    mutating func skip(_ text: StaticString) -> Bool {
        let length = text.utf8CodeUnitCount
        guard position + length <= bytes.count,
            UnsafeRawBufferPointer(rebasing: bytes[position..<position + length]).compare(
                UnsafeRawBufferPointer(start: text.utf8Start, count: length)) == 0
        else { return false }
        position += length
        return true
    }

    /// Moves past a decimal number.
    mutating func number() -> UInt64? {
        var number: UInt64 = 0
        let start = position
        while position < bytes.count {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit < 10 else { break }
            guard position - start < 19 else { return nil }
            number = number &* 10 &+ UInt64(digit)
            position += 1
        }
        return position > start ? number : nil
    }

    /// Moves past 16 hexadecimal digits in quotes.
    mutating func hexadecimal() -> UInt64? {
        guard position + 18 <= bytes.count, bytes[position] == UInt8(ascii: "\""),
            bytes[position + 17] == UInt8(ascii: "\"")
        else { return nil }
        let digits = (
            bytes.loadUnaligned(fromByteOffset: position + 1, as: UInt64.self),
            bytes.loadUnaligned(fromByteOffset: position + 9, as: UInt64.self)
        )
        guard let high = UInt64.half(ofDigits: digits.0), let low = UInt64.half(ofDigits: digits.1)
        else { return nil }
        position += 18
        return high &<< 32 | low
    }

    /// Moves past a string; returns where its text is, without the quotes.
    mutating func string() -> Range<Int>? {
        guard let end = JSONScan.endOfString(in: bytes, at: position) else { return nil }
        let range = position + 1..<end - 1
        position = end
        return range
    }

    /// Moves past any value; returns where it is.
    mutating func value() -> Range<Int>? {
        guard let end = JSONScan.endOfValue(in: bytes, at: position) else { return nil }
        let range = position..<end
        position = end
        return range
    }

    func text(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }
}
