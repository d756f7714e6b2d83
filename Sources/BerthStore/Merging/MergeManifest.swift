// SPDX-License-Identifier: Apache-2.0

/// What a finished merge is: which runs it was made of, and what came out.
///
/// ```
/// {"h":…,"tombstones":true,"output":RUN,"inputs":[RUN,…]}
/// ```
///
/// The runs are told as in a header; that of the output has the number 0, for
/// it gets its own when it is named. There is no output where nothing is left.
struct MergeManifest: Hashable {
    /// From the oldest to the newest.
    let inputs: [RunReference]
    let output: RunReference?
    /// Whether the tombstones are still in it.
    let keepsTombstones: Bool

    init(inputs: [RunReference], output: RunReference?, keepsTombstones: Bool) {
        self.inputs = inputs
        self.output = output
        self.keepsTombstones = keepsTombstones
    }

    /// Which runs the output may stand for; nil where it may not, ever.
    ///
    /// Every input must still be named, and they must be neighbours, in the
    /// same order: else the output would bring back what was merged since, or
    /// jump over what came between. Where the tombstones were left out there
    /// must be nothing older that they hid.
    func place(in runs: [RunReference]) -> Range<Int>? {
        guard let oldest = inputs.first, let start = runs.firstIndex(of: oldest) else { return nil }
        let place = start..<start + inputs.count
        guard place.upperBound <= runs.count, runs[place].elementsEqual(inputs),
            keepsTombstones || start == 0
        else { return nil }
        return place
    }

    func encode(_ key: SipHash) -> [UInt8] {
        var line = Frame.begin(capacity: 256 * (inputs.count + 1))
        line.append(keepsTombstones ? ",\"tombstones\":true" : ",\"tombstones\":false")
        if let output {
            line.append(",\"output\":")
            output.encode(into: &line)
        }
        line.append(",\"inputs\":[")
        for (index, run) in inputs.enumerated() {
            if index > 0 { line.append(",") }
            run.encode(into: &line)
        }
        line.append("]")
        _ = Frame.end(&line, key)
        return line
    }

    /// Reads a line with its newline; nil where it is not what was written.
    init?(_ line: [UInt8], _ key: SipHash) {
        guard line.last == Frame.fill else { return nil }
        let inner = Array(line.dropLast())
        guard inner.withUnsafeBytes({ Frame.verified($0, key) }) != nil,
            let fields = JSONFields(inner), let keeps = fields.bool("tombstones"),
            let entries = fields.array("inputs")
        else { return nil }
        var inputs: [RunReference] = []
        for entry in entries {
            guard let run = JSONFields(Array(entry)).flatMap(RunReference.init) else { return nil }
            inputs.append(run)
        }
        var output: RunReference?
        if let object = fields.fields("output") {
            guard let run = RunReference(object) else { return nil }
            output = run
        }
        self.init(inputs: inputs, output: output, keepsTombstones: keeps)
    }
}
