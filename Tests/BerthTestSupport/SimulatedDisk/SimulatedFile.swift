// SPDX-License-Identifier: Apache-2.0

package import BerthStore

/// A file in two images: the one that processes see, and what a power cut may
/// leave of it.
///
/// Each sector, and the size, reaches the disk on its own, in any order, until
/// a flush has brought all of them there.
package struct SimulatedFile: Sendable {
    /// What a disk writes wholly or not at all.
    package static var sectorSize: Int { 512 }

    /// What processes see.
    package private(set) var bytes: [UInt8] = []
    /// What no power cut takes away.
    private var durable: [UInt8] = []
    /// The size that a flush would bring to the disk. A failure of writing back
    /// makes it less than processes see, until somebody writes beyond it again.
    private var arrivingSize = 0
    /// What has not been flushed, oldest first.
    private(set) var pending: [Change] = []
    /// How often writing back has failed.
    private(set) var failures = 0
    /// Of them, how many some description was told of.
    private var reportedFailures = 0

    var attributes: Attributes

    /// Who may do what with a file.
    package struct Attributes: Sendable {
        package var kind = FileKind.regular
        package var links = 1
        package var owner: UInt32 = SimulatedDisk.user
        package var permissions: UInt32 = 0o600
    }

    /// One thing that reaches the disk on its own.
    struct Change: Sendable {
        enum Content: Sendable {
            case size(Int)
            case sector(Int, [UInt8])
        }

        /// The place among all changes of the disk.
        let order: Int
        let content: Content
    }

    init(_ attributes: Attributes = Attributes()) {
        self.attributes = attributes
    }

    /// A file that is wholly on the disk.
    init(durable bytes: [UInt8], _ attributes: Attributes) {
        self.bytes = bytes
        durable = bytes
        arrivingSize = bytes.count
        self.attributes = attributes
    }

    // MARK: What processes do

    mutating func write(_ source: UnsafeRawBufferPointer, at offset: Int, _ order: inout Int) {
        guard !source.isEmpty else { return }
        let end = offset + source.count
        if end > bytes.count {
            resize(to: end, &order)
        } else if end > arrivingSize {
            add(.size(end), &order)
            arrivingSize = end
        }
        bytes.withUnsafeMutableBytes {
            UnsafeMutableRawBufferPointer(rebasing: $0[offset..<end]).copyMemory(from: source)
        }
        let size = Self.sectorSize
        for index in offset / size...(end - 1) / size {
            add(.sector(index, sector(index)), &order)
        }
    }

    mutating func resize(to size: Int, _ order: inout Int) {
        if size < bytes.count {
            bytes.removeSubrange(size...)
        } else {
            bytes.appendZeros(size - bytes.count)
        }
        add(.size(size), &order)
        arrivingSize = size
    }

    /// The bytes of a sector, with zeros beyond the end of the file.
    private func sector(_ index: Int) -> [UInt8] {
        let start = index * Self.sectorSize
        var sector = Array(bytes[start..<min(start + Self.sectorSize, bytes.count)])
        if sector.count < Self.sectorSize {
            sector.appendZeros(Self.sectorSize - sector.count)
        }
        return sector
    }

    private mutating func add(_ content: Change.Content, _ order: inout Int) {
        pending.append(Change(order: order, content: content))
        order += 1
    }

    // MARK: What becomes of it

    /// Brings everything to the disk.
    mutating func flush() {
        durable = image { _ in true }
        pending = []
    }

    /// Fails to write back: what was pending is lost, and yet taken for clean,
    /// as Linux does. Processes go on seeing it until it is evicted.
    mutating func failWriteback() {
        pending = []
        arrivingSize = durable.count
        failures += 1
    }

    /// Drops the clean pages from memory: processes see what the disk has.
    mutating func evict() {
        bytes = image { _ in true }
    }

    /// Takes note that a description was told of a failure.
    mutating func report() {
        reportedFailures = failures
    }

    /// How many failures a description that is opened now need not be told of.
    var failuresAtOpening: Int { reportedFailures }

    /// What the disk has if, of what is pending, only some arrived.
    func image(keeping isKept: (Change) -> Bool) -> [UInt8] {
        guard !pending.isEmpty else { return durable }
        var image = durable
        var size = durable.count
        for change in pending where isKept(change) {
            switch change.content {
            case .size(let new):
                // What lay beyond a cut never comes back.
                if new < image.count { image.removeSubrange(new...) }
                size = new
            case .sector(let index, let sector):
                let start = index * Self.sectorSize
                let end = start + sector.count
                if image.count < end {
                    image.appendZeros(end - image.count)
                }
                image.withUnsafeMutableBytes { image in
                    sector.withUnsafeBytes {
                        UnsafeMutableRawBufferPointer(rebasing: image[start..<end])
                            .copyMemory(from: $0)
                    }
                }
            }
        }
        if image.count > size {
            image.removeSubrange(size...)
        } else if image.count < size {
            image.appendZeros(size - image.count)
        }
        return image
    }
}

extension [UInt8] {
    fileprivate mutating func appendZeros(_ count: Int) {
        append(contentsOf: [UInt8](repeating: 0, count: count))
    }
}
