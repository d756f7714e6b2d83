// SPDX-License-Identifier: Apache-2.0

/// What every line of a journal begins with, and where its own part begins.
///
/// `{"h":…,"g":GENERATION,"n":NUMBER,"p":PREVIOUS,"d":FLUSHED,"t":"KIND",…}`
struct JournalLine {
    enum Kind {
        /// The first line: names the runs, and what came before.
        case header
        /// One transaction.
        case transaction
        /// The last line of a generation that another is about to replace.
        case seal
        /// Of a version of Berth that this one does not know.
        case unknown
    }

    let hash: UInt64
    let generation: UInt64
    /// A transaction's own number; a header's and a seal's is that of the
    /// last transaction before.
    let number: UInt64
    /// The hash of the line before, across generations.
    let previous: UInt64
    /// Up to which offset the writer knew the journal to be flushed.
    let flushed: Int
    let kind: Kind
    /// Where the members of the kind begin.
    let body: Int

    /// Reads a line, without its newline; nil where it is not valid.
    init?(_ line: UnsafeRawBufferPointer, _ key: SipHash) {
        guard let hash = Frame.verified(line, key) else { return nil }
        var scanner = Scanner(UnsafeRawBufferPointer(rebasing: line[Frame.prefixLength...]))
        guard scanner.skip(",\"g\":"), let generation = scanner.number(),
            scanner.skip(",\"n\":"), let number = scanner.number(),
            scanner.skip(",\"p\":"), let previous = scanner.hexadecimal(),
            scanner.skip(",\"d\":"), let flushed = scanner.number(),
            let flushed = Int(exactly: flushed), scanner.skip(",\"t\":")
        else { return nil }
        if scanner.skip("\"tx\"") {
            kind = .transaction
        } else if scanner.skip("\"seal\"") {
            kind = .seal
        } else if scanner.skip("\"gen\"") {
            kind = .header
        } else {
            kind = .unknown
        }
        self.hash = hash
        self.generation = generation
        self.number = number
        self.previous = previous
        self.flushed = flushed
        body = Frame.prefixLength + scanner.position
    }

    /// Begins a line of this kind, in the memory of an earlier one.
    static func begin(
        _ line: inout [UInt8], generation: UInt64, number: UInt64, previous: UInt64, flushed: Int,
        kind: StaticString
    ) {
        Frame.begin(&line)
        line.append(",\"g\":")
        line.append(decimal: generation)
        line.append(",\"n\":")
        line.append(decimal: number)
        line.append(",\"p\":")
        line.append(quotedHexadecimal: previous)
        line.append(",\"d\":")
        line.append(decimal: flushed)
        line.append(",\"t\":\"")
        line.append(kind)
        line.append("\"")
    }
}
