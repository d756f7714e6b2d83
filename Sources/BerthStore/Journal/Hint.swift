// SPDX-License-Identifier: Apache-2.0

/// How much of a generation is known to be flushed, and to be visible.
///
/// A file of fixed size, overwritten in place and never flushed. What it says
/// was proven before it was said, so a stale or lost hint is only cautious.
///
/// `{"h":…,"g":GENERATION,"head":HEADER,"d":FLUSHED,"v":VISIBLE,"boot":"…"}`
struct Hint: Hashable, Sendable {
    /// The size of the file; spaces fill the line.
    static var size: Int { 192 }

    var generation: UInt64
    /// The hash of the header of the generation it speaks of.
    var header: UInt64
    /// The offset below which every byte was proven to be flushed.
    var flushed: Int
    /// The offset below which whole lines were written, in the boot `bootID`.
    var visible: Int
    var bootID: String

    init(header: GenerationHeader, flushed: Int, visible: Int, bootID: String) {
        generation = header.generation
        self.header = header.hash
        self.flushed = flushed
        self.visible = visible
        self.bootID = bootID
    }

    /// Encodes it, in the memory of an earlier one.
    func encode(_ key: SipHash, into line: inout [UInt8]) {
        Frame.begin(&line)
        line.append(",\"g\":")
        line.append(decimal: generation)
        line.append(",\"head\":")
        line.append(quotedHexadecimal: header)
        line.append(",\"d\":")
        line.append(decimal: flushed)
        line.append(",\"v\":")
        line.append(decimal: visible)
        line.append(",\"boot\":\"")
        line.append(contentsOf: bootID.utf8)
        line.append("\"")
        _ = Frame.end(&line, paddedTo: Self.size, key)
    }

    /// Reads the hint's file; nil where it was torn, damaged or of another store.
    init?(_ bytes: UnsafeRawBufferPointer, _ key: SipHash) {
        guard bytes.count == Self.size, bytes[Self.size - 1] == UInt8(ascii: "\n") else {
            return nil
        }
        let line = UnsafeRawBufferPointer(rebasing: bytes[..<(Self.size - 1)])
        guard Frame.verified(line, key) != nil else { return nil }
        var scanner = Scanner(line)
        guard scanner.skip("{\"h\":"), scanner.hexadecimal() != nil,
            scanner.skip(",\"g\":"), let generation = scanner.number(),
            scanner.skip(",\"head\":"), let header = scanner.hexadecimal(),
            scanner.skip(",\"d\":"), let flushed = scanner.number(),
            scanner.skip(",\"v\":"), let visible = scanner.number(),
            scanner.skip(",\"boot\":"), let boot = scanner.string(),
            let flushed = Int(exactly: flushed), let visible = Int(exactly: visible)
        else { return nil }
        self.generation = generation
        self.header = header
        self.flushed = flushed
        self.visible = visible
        bootID = scanner.text(boot)
    }

    /// Whether it says of the same generation, in the same run of the
    /// machine, at least what another one does.
    func says(_ other: Hint) -> Bool {
        generation == other.generation && header == other.header && bootID == other.bootID
            && flushed >= other.flushed && visible >= other.visible
    }

    /// Whether it speaks of this generation.
    func speaks(of header: GenerationHeader) -> Bool {
        generation == header.generation && self.header == header.hash
    }
}
