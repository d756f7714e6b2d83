// SPDX-License-Identifier: Apache-2.0

/// What one transaction does to one record.
struct Change: Hashable, Sendable {
    let key: RecordKey
    /// The new value as JSON; nil deletes the record.
    var value: [UInt8]?
}

/// The body of a transaction's line.
///
/// `…,"at":MILLISECONDS,"by":{"pid":…,"uid":…},"op":"…","set":{…},"del":[…]}`;
/// `set` and `del` are left out where they are empty.
enum TransactionLine {
    /// The members beside the changes: who did it, when and what.
    struct Origin {
        let time: Int64
        let process: Int32
        let user: UInt32
        let operation: String
    }

    /// Where in a line a change stands.
    struct Place {
        let key: Range<Int>
        /// nil where the record is deleted.
        let value: Range<Int>?
    }

    /// Appends the body to a line that was begun, and to `places` where its
    /// changes are.
    static func append(
        _ changes: [Change], _ origin: Origin, to line: inout [UInt8], noting places: inout [Place]
    ) {
        line.append(",\"at\":")
        line.append(decimal: origin.time)
        line.append(",\"by\":{\"pid\":")
        line.append(decimal: origin.process)
        line.append(",\"uid\":")
        line.append(decimal: origin.user)
        line.append("},\"op\":\"")
        JSONEscape.append(origin.operation, to: &line)
        line.append("\"")
        appendSet(changes, to: &line, &places)
        appendDeleted(changes, to: &line, &places)
    }

    private static func appendSet(
        _ changes: [Change], to line: inout [UInt8], _ places: inout [Place]
    ) {
        var isFirst = true
        for change in changes {
            guard let value = change.value else { continue }
            line.append(isFirst ? ",\"set\":{\"" : ",\"")
            isFirst = false
            let key = line.count
            line.append(contentsOf: change.key.text.utf8)
            let keyEnd = line.count
            line.append("\":")
            let start = line.count
            line.append(contentsOf: value)
            places.append(Place(key: key..<keyEnd, value: start..<line.count))
        }
        if !isFirst { line.append("}") }
    }

    private static func appendDeleted(
        _ changes: [Change], to line: inout [UInt8], _ places: inout [Place]
    ) {
        var isFirst = true
        for change in changes where change.value == nil {
            line.append(isFirst ? ",\"del\":[\"" : ",\"")
            isFirst = false
            let key = line.count
            line.append(contentsOf: change.key.text.utf8)
            places.append(Place(key: key..<line.count, value: nil))
            line.append("\"")
        }
        if !isFirst { line.append("]") }
    }

    /// Reports each change of a line: where its key's text is, and where its
    /// value is, nil where the record is deleted. Returns false where the body
    /// is not one that this version writes.
    static func forEachChange(
        in line: UnsafeRawBufferPointer, body: Int, _ report: (Range<Int>, Range<Int>?) -> Void
    ) -> Bool {
        var scanner = Scanner(UnsafeRawBufferPointer(rebasing: line[body...]))
        guard scanner.skip(",\"at\":"), scanner.number() != nil,
            scanner.skip(",\"by\":"), scanner.value() != nil,
            scanner.skip(",\"op\":"), scanner.string() != nil
        else { return false }
        if scanner.skip(",\"set\":{") {
            repeat {
                guard let key = scanner.string(), scanner.skip(":"), let value = scanner.value()
                else { return false }
                report(key.moved(by: body), value.moved(by: body))
            } while scanner.skip(",")
            guard scanner.skip("}") else { return false }
        }
        if scanner.skip(",\"del\":[") {
            repeat {
                guard let key = scanner.string() else { return false }
                report(key.moved(by: body), nil)
            } while scanner.skip(",")
            guard scanner.skip("]") else { return false }
        }
        return scanner.skip("}") && scanner.isAtEnd
    }
}

extension Range<Int> {
    /// The range that lies so many places further on.
    func moved(by distance: Int) -> Range<Int> {
        lowerBound + distance..<upperBound + distance
    }
}
