// SPDX-License-Identifier: Apache-2.0

/// Finds the key of a store's hashes. A generation hands it on to the next, so
/// where the journal's header is damaged, a past one may still tell it.
struct SaltSearch {
    private let directory: StoreDirectory

    init(_ directory: StoreDirectory) {
        self.directory = directory
    }

    /// The salt of the first header that states one by which a line of the
    /// store is valid; nil where there is none.
    func salt() throws(StoreError) -> SipHash? {
        var samples: [[UInt8]] = []
        var headers: [[UInt8]] = []
        for name in [StoreDirectory.journalName, StoreDirectory.newJournalName] {
            let beginning = try beginning(of: name, in: directory.descriptor)
            if let line = beginning.first { headers.append(line) }
            samples += beginning
        }
        for name in try directory.entries() where name.hasPrefix(StoreDirectory.runPrefix) {
            samples += try beginning(of: name, in: directory.descriptor)
        }
        headers += try pastHeaders()
        for salt in headers.compactMap(Self.statedSalt) {
            let isRight = samples.contains { line in
                line.withUnsafeBytes { Frame.verified($0, salt) != nil }
            }
            if isRight { return salt }
        }
        return nil
    }

    /// The first lines of past generations, of the newest first.
    private func pastHeaders() throws(StoreError) -> [[UInt8]] {
        let storage = directory.storage
        guard
            let folder = try? storage.openDirectory(
                StoreDirectory.historyName, in: directory.descriptor)
        else { return [] }
        defer { storage.close(folder) }
        let names = ((try? storage.entries(of: folder)) ?? []).sorted { left, right in
            (left.utf8.count, left) > (right.utf8.count, right)
        }
        var headers: [[UInt8]] = []
        for name in names {
            if let line = try beginning(of: name, in: folder).first { headers.append(line) }
        }
        return headers
    }

    /// The first lines of a file, as far as they can be read.
    private func beginning(
        of name: String, in folder: FileDescriptor
    ) throws(StoreError) -> [[UInt8]] {
        let storage = directory.storage
        guard let file = try? storage.open(name, in: folder, .reading) else { return [] }
        defer { storage.close(file) }
        guard let bytes = try? storage.readAll(file, at: 0, count: 256 * 1024) else { return [] }
        return bytes.split(separator: Frame.fill).prefix(64).map { Array($0) }
    }

    /// What stands behind `"salt":`, whatever else is wrong with the line.
    private static func statedSalt(in line: [UInt8]) -> SipHash? {
        let name = Array("\"salt\":\"".utf8)
        for start in line.indices where line[start...].starts(with: name) {
            let digits = line[(start + name.count)...].prefix(32)
            guard digits.count == 32,
                let both = UInt128(String(decoding: digits, as: UTF8.self), radix: 16)
            else { continue }
            return SipHash(
                k0: UInt64(truncatingIfNeeded: both >> 64), k1: UInt64(truncatingIfNeeded: both))
        }
        return nil
    }
}
