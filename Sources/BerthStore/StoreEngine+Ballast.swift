// SPDX-License-Identifier: Apache-2.0

/// Room for a full disk, where the reserve of the journal is none: a file system
/// that puts changed bytes elsewhere needs new room for every change. There, a
/// file takes some up, and goes when a change that gives something back finds none.
///
/// Best effort: a crash leaves a part of it, or none, until the next rotation.
extension StoreEngine {
    /// Room for more than a hundred small changes, and for what the file system
    /// writes beside each of them.
    private static var ballastSize: Int { 1024 * 1024 }

    /// Makes the ballast where it is wanted and not there. The caller holds the
    /// writers' lock, and has just begun a journal.
    func keepBallast() {
        guard (try? storage.isCopyOnWrite(directory.descriptor)) == true,
            let file = try? storage.open(
                StoreDirectory.ballastName, in: directory.descriptor, .creatingNew)
        else { return }
        defer { storage.close(file) }
        // Of bytes that no file system can make fewer of.
        var piece: [UInt8] = []
        piece.reserveCapacity(64 * 1024)
        while piece.count < 64 * 1024 {
            withUnsafeBytes(of: environment.random()) { piece.append(contentsOf: $0) }
        }
        do throws(SystemError) {
            for offset in stride(from: 0, to: Self.ballastSize, by: piece.count) {
                try storage.writeAll(file, piece, at: offset)
            }
            try storage.flush(file)
        } catch {
            dropBallast()
        }
    }

    /// Gives the room of the ballast back. Returns whether there was any.
    @discardableResult
    func dropBallast() -> Bool {
        (try? storage.unlink(StoreDirectory.ballastName, in: directory.descriptor)) != nil
    }
}
