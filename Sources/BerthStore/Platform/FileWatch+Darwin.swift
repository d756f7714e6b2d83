// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin

    extension FileCalls {
        /// A descriptor that can be read once a file has been written to, or
        /// a directory has got an entry. The
        /// corresponding C functions are `kqueue` and `kevent`.
        ///
        /// The file stays open for as long as the process runs: a watch is
        /// for a command that ends with what it watches.
        package static func watch(_ path: String) throws(SystemError) -> FileDescriptor {
            try watch(path, UInt32(NOTE_WRITE | NOTE_EXTEND))
        }

        /// A descriptor that can be read once a directory was moved or removed.
        /// The corresponding C functions are as for a file.
        ///
        /// The file in it, by which other systems tell its removal, is not needed.
        package static func watchPlace(
            _ directory: String, with file: String
        ) throws(SystemError) -> FileDescriptor {
            try watch(directory, UInt32(NOTE_RENAME | NOTE_DELETE))
        }

        private static func watch(
            _ path: String, _ events: UInt32
        ) throws(SystemError) -> FileDescriptor {
            let file = try openForReading(path)
            let queue = try retrying("kqueue") { kqueue() }
            var change = kevent(
                ident: UInt(file.rawValue), filter: Int16(EVFILT_VNODE),
                flags: UInt16(EV_ADD | EV_CLEAR), fflags: events,
                data: 0, udata: nil)
            _ = try retrying("kevent") { kevent(queue, &change, 1, nil, 0, nil) }
            return FileDescriptor(rawValue: queue)
        }
    }
#endif
