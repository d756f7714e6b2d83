// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin

    /// What the kernel says of processes.
    package enum ProcessTable {
        /// The corresponding C call is `sysctl` with `KERN_PROC_PID`.
        package static func observe(_ process: Int32) -> ProcessObservation {
            var name: [Int32] = [CTL_KERN, KERN_PROC, KERN_PROC_PID, process]
            var information = kinfo_proc()
            var size = MemoryLayout<kinfo_proc>.stride
            guard sysctl(&name, UInt32(name.count), &information, &size, nil, 0) == 0 else {
                return .unreadable
            }
            guard size > 0 else { return .missing }
            let start = information.kp_proc.p_starttime
            let state: UInt8 =
                switch Int32(information.kp_proc.p_stat) {
                case SZOMB: UInt8(ascii: "Z")
                case SSTOP: UInt8(ascii: "T")
                default: UInt8(ascii: "R")
                }
            return .found(
                ProcessFacts(
                    start: UInt64(start.tv_sec) * 1_000_000 + UInt64(start.tv_usec),
                    parent: information.kp_eproc.e_ppid, state: state, threads: 1, instance: nil))
        }

        /// The calling process.
        package static func observeSelf() -> ProcessFacts? {
            guard case .found(let facts) = observe(CurrentProcess.identifier) else { return nil }
            return facts
        }

        /// There are no namespaces: one number stands for the only one.
        package static func pidNamespace() throws(SystemError) -> UInt64 { 1 }
        package static func timeNamespace() throws(SystemError) -> UInt64 { 1 }

        /// A descriptor that can be read once a process has ended. The
        /// corresponding C call is `kevent` with `EVFILT_PROC`.
        package static func watch(_ process: Int32) throws(SystemError) -> FileDescriptor {
            let queue = try FileCalls.retrying("kqueue") { kqueue() }
            _ = fcntl(queue, F_SETFD, FD_CLOEXEC)
            var event = kevent(
                ident: UInt(process), filter: Int16(EVFILT_PROC), flags: UInt16(EV_ADD),
                fflags: NOTE_EXIT, data: 0, udata: nil)
            guard kevent(queue, &event, 1, nil, 0, nil) == 0 else {
                let error = SystemError.current("kevent")
                FileCalls.close(FileDescriptor(rawValue: queue))
                throw error
            }
            return FileDescriptor(rawValue: queue)
        }

        /// Sends a signal to a process that is watched. The corresponding C
        /// function is `kill`.
        package static func send(
            _ signal: Signals.Kind, to process: Int32, watchedBy watch: FileDescriptor
        ) {
            _ = kill(process, signal.number)
        }

        /// All processes. The corresponding C function is `proc_listallpids`.
        static func all() -> [Int32] {
            var processes = [pid_t](repeating: 0, count: Int(max(0, proc_listallpids(nil, 0))) + 64)
            let size = Int32(processes.count * MemoryLayout<pid_t>.stride)
            let count = proc_listallpids(&processes, size)
            return Array(processes.prefix(Int(max(0, count))))
        }

        /// What a process has open, as far as the caller may look. The
        /// corresponding C function is `proc_pidinfo` with `PROC_PIDLISTFDS`.
        static func files(of process: pid_t) -> [proc_fdinfo] {
            let size = proc_pidinfo(process, PROC_PIDLISTFDS, 0, nil, 0)
            guard size > 0 else { return [] }
            let stride = MemoryLayout<proc_fdinfo>.stride
            var files = [proc_fdinfo](repeating: proc_fdinfo(), count: Int(size) / stride)
            let count = proc_pidinfo(process, PROC_PIDLISTFDS, 0, &files, size)
            return Array(files.prefix(Int(max(0, count)) / stride))
        }

        /// The words a process was started with are not read on this system.
        package static func command(of process: Int32) -> String { "" }

        /// The kernel does not tell who holds a lock.
        package static func lockHolder(of file: FileIdentity) -> Int32? { nil }
    }
#endif
