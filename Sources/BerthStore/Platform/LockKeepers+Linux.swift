// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    extension LockKeepers {
        /// Whether a process keeps a file locked for itself. See
        /// `proc_pid_fd(5)` and `proc_pid_fdinfo(5)`.
        package static func keeps(
            _ process: Int32, _ file: FileIdentity, named name: String
        ) -> Bool {
            let folder = "/proc/" + String(process)
            guard let files = try? FileCalls.openDirectory(folder + "/fd") else { return false }
            defer { FileCalls.close(files) }
            for number in (try? FileCalls.entries(of: files)) ?? [] {
                // By its name first: what is somewhere else may not answer.
                guard let target = try? FileCalls.linkTarget(number, in: files),
                    isNamed(name, target),
                    let status = try? FileCalls.status(ofPath: folder + "/fd/" + number),
                    status.identity == file,
                    let facts = try? ProcessFiles.read(folder + "/fdinfo/" + number, limit: 4096)
                else { continue }
                if isLocked(facts) { return true }
            }
            return false
        }

        /// Whether the last part of a path is a name, of which a file that was
        /// removed has more.
        private static func isNamed(_ name: String, _ path: [UInt8]) -> Bool {
            let slash = path.lastIndex(of: UInt8(ascii: "/")) ?? path.startIndex
            let last = path[slash...].dropFirst()
            return last.elementsEqual(name.utf8) || last.elementsEqual((name + " (deleted)").utf8)
        }

        /// `lock:	1: FLOCK  ADVISORY  WRITE 4711 fe:00:12345 0 EOF` is told of
        /// the description itself: one who only looks at the file has none.
        private static func isLocked(_ facts: [UInt8]) -> Bool {
            facts.split(separator: UInt8(ascii: "\n")).contains { line in
                line.starts(with: "lock:".utf8)
                    && line.split(separator: UInt8(ascii: " ")).contains {
                        $0.elementsEqual("WRITE".utf8)
                    }
            }
        }
    }
#endif
