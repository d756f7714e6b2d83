// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #else
        import Musl
    #endif

    // The C library may be older than the call. Not variadic in the kernel;
    // on every 64-bit Linux whole arguments travel the same way either way.
    @_silgen_name("syscall")
    private func systemCall(
        _ number: Int, _ first: Int, _ second: Int, _ third: Int, _ fourth: Int
    ) -> Int

    /// What the kernel says of processes.
    package enum ProcessTable {
        /// See `proc_pid_stat(5)`.
        package static func observe(_ process: Int32) -> ProcessObservation {
            let text: [UInt8]
            do throws(SystemError) {
                text = try ProcessFiles.read("/proc/" + String(process) + "/stat", limit: 1024)
            } catch {
                // A /proc that hides the processes of others says that there is
                // none; kill says which is meant.
                return kill(process, 0) == -1 && Errno.current == .noProcess
                    ? .missing : .unreadable
            }
            guard var facts = ProcessFacts(stat: text) else { return .unreadable }
            if let watch = try? watch(process) {
                facts.instance = try? FileCalls.status(of: watch).identity.inode
                FileCalls.close(watch)
            }
            return .found(facts)
        }

        /// The calling process.
        package static func observeSelf() -> ProcessFacts? {
            guard let text = try? ProcessFiles.read("/proc/self/stat", limit: 1024) else {
                return nil
            }
            return ProcessFacts(stat: text)
        }

        /// The namespace in which this process's pids are counted; 0 where it is not known.
        package static func pidNamespace() throws(SystemError) -> UInt64 {
            try namespace("/proc/self/ns/pid")
        }

        /// The namespace in which this process's start times are counted; 0
        /// where it is not known, or the kernel has none.
        package static func timeNamespace() throws(SystemError) -> UInt64 {
            try namespace("/proc/self/ns/time")
        }

        private static func namespace(_ path: String) throws(SystemError) -> UInt64 {
            do throws(SystemError) {
                return try FileCalls.status(ofPath: path).identity.inode
            } catch let error where error.errno == .noEntry {
                return 0
            }
        }

        /// A descriptor that can be read once a process has ended. See `pidfd_open(2)`.
        package static func watch(_ process: Int32) throws(SystemError) -> FileDescriptor {
            let number = try FileCalls.retrying("pidfd_open") {
                systemCall(434, Int(process), 0, 0, 0)
            }
            return FileDescriptor(rawValue: Int32(truncatingIfNeeded: number))
        }

        /// Sends a signal to a process that is watched, and to no other that
        /// may have its number by now. See `pidfd_send_signal(2)`.
        package static func send(
            _ signal: Signals.Kind, to process: Int32, watchedBy watch: FileDescriptor
        ) {
            _ = systemCall(424, Int(watch.rawValue), Int(signal.number), 0, 0)
        }

        /// All processes that are seen here. See `proc(5)`.
        static func all() -> [Int32] {
            guard let root = try? FileCalls.openDirectory("/proc") else { return [] }
            defer { FileCalls.close(root) }
            let names = (try? FileCalls.entries(of: root)) ?? []
            return names.compactMap { Int32(decimal: Array($0.utf8)[...]) }
        }

        /// The words a process was started with, for people to read; empty where
        /// they cannot be read. See `proc_pid_cmdline(5)`.
        package static func command(of process: Int32) -> String {
            let path = "/proc/" + String(process) + "/cmdline"
            guard var text = try? ProcessFiles.read(path, limit: 512) else { return "" }
            while text.last == 0 { text.removeLast() }
            return String(decoding: text.map { $0 == 0 ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
        }

        /// A process that holds an exclusive `flock` on a file, or held it and
        /// passed it on; nil where it is not known. See `/proc/locks`.
        package static func lockHolder(of file: FileIdentity) -> Int32? {
            guard let text = try? ProcessFiles.readAll("/proc/locks", limit: 1 << 20) else {
                return nil
            }
            // Which of two devices has that inode is not asked: what `stat` and
            // the kernel call a device differs on some file systems.
            let suffix = ":" + String(file.inode)
            for line in text.split(separator: UInt8(ascii: "\n")) {
                let words = line.split(separator: UInt8(ascii: " "))
                guard words.count == 8, words[1].elementsEqual("FLOCK".utf8),
                    words[5].suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
                else { continue }
                return Int32(decimal: words[4])
            }
            return nil
        }
    }
#endif
