// SPDX-License-Identifier: Apache-2.0

import BerthStore

/// Tells what the commands of a job have written, and go on to write.
package struct LogFollower {
    private let jobs: Jobs
    private let id: JobID

    package init(_ id: JobID, _ jobs: Jobs) {
        self.id = id
        self.jobs = jobs
    }

    /// Tells the log in parts. Blocks the current thread; while there is
    /// nothing new, it sleeps.
    ///
    /// - Parameters:
    ///   - isFollowing: Whether to go on until the job has ended.
    ///   - body: Is given each part, and returns false where nobody wants more.
    /// - Throws: ``CoordinatorError`` with `notFound` where there is no such job.
    package func run(following isFollowing: Bool, _ body: ([UInt8]) -> Bool) throws {
        let job = try jobs.known(id)
        let path = JobLog.path(id, in: jobs.coordinator.path)
        var offset = 0
        if try !tell(path, &offset, body) || !isFollowing { return }
        let store = jobs.coordinator.path
        var bell = try Bell([.ends(of: job.queue)], in: store)
        var place = try? PlaceWatch(of: store, bell.path)
        // Before the look, so that what is written after it is heard of. A log that
        // is not there yet is heard of by its directory.
        var watch: FileDescriptor? = try Self.watch(path, in: store)
        defer { if let watch { FileCalls.close(watch) } }
        while true {
            // Asked once the place is watched.
            let known = offset > 0 ? path : store + "/logs"
            if !bell.isNamed || (try? FileCalls.status(ofPath: known)) == nil {
                try jobs.coordinator.waitForStore()
                bell = try Bell([.ends(of: job.queue)], in: store)
                place = try? PlaceWatch(of: store, bell.path)
            }
            if watch == nil { watch = try Self.watch(path, in: store) }
            let isOver = try jobs.change("wait") { try $0.knownJob(id) }.state.isFinal
            if try !tell(path, &offset, body) || isOver { return }
            let files = [watch, place?.file].compactMap { $0 }
            let ready = try bell.wait(beside: files, until: nil)
            if let ready, ready > 0 {
                // Made anew: that is what empties it everywhere.
                if files[ready - 1] == place?.file {
                    place = try? PlaceWatch(of: store, bell.path)
                } else if let heard = watch {
                    FileCalls.close(heard)
                    watch = nil
                }
            }
        }
    }

    private static func watch(
        _ path: String, in store: String
    ) throws(CoordinatorError) -> FileDescriptor {
        guard let folder = try StoreFolder.open("logs", of: store, creating: true) else {
            throw CoordinatorError(.cannotCreate, "cannot make the store " + store)
        }
        return try folder.calling("cannot watch a log") { () throws(SystemError) in
            let directory = try FileCalls.watch(folder.path)
            do throws(SystemError) {
                let file = try FileCalls.watch(path)
                FileCalls.close(directory)
                return file
            } catch let error where error.errno == .noEntry {
                return directory
            } catch {
                FileCalls.close(directory)
                throw error
            }
        }
    }

    /// Tells what has been written since; false where nobody wants more.
    private func tell(
        _ path: String, _ offset: inout Int, _ body: ([UInt8]) -> Bool
    ) throws(CoordinatorError) -> Bool {
        do throws(SystemError) {
            let file = try FileCalls.openForReading(path)
            defer { FileCalls.close(file) }
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = try buffer.withUnsafeMutableBufferPointer {
                    buffer throws(SystemError) in
                    try FileCalls.read(
                        file, into: UnsafeMutableRawBufferPointer(buffer), at: offset)
                }
                if count == 0 { return true }
                offset += count
                if !body(Array(buffer[..<count])) { return false }
            }
        } catch let error where error.errno == .noEntry {
            return true
        } catch {
            throw .system("cannot read " + path, error)
        }
    }
}
