// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    #if canImport(Glibc)
        import Glibc
    #else
        import Musl
    #endif

    extension FileCalls {
        /// A descriptor that can be read once a file has been written to, or
        /// a directory has got an entry. The
        /// corresponding C functions are `inotify_init1` and `inotify_add_watch`.
        package static func watch(_ path: String) throws(SystemError) -> FileDescriptor {
            try watch([path], IN_MODIFY | IN_CREATE)
        }

        /// A descriptor that can be read once a directory was moved or removed.
        /// The corresponding C functions are as for a file.
        ///
        /// The removal of a directory that somebody has open is not told, but
        /// that of a file somewhere in it is.
        package static func watchPlace(
            _ directory: String, with file: String
        ) throws(SystemError) -> FileDescriptor {
            try watch([directory, file], IN_MOVE_SELF | IN_DELETE_SELF | IN_ATTRIB)
        }

        private static func watch(
            _ paths: [String], _ events: some BinaryInteger
        ) throws(SystemError) -> FileDescriptor {
            let watch = FileDescriptor(
                rawValue: try retrying("inotify_init1") {
                    inotify_init1(Int32(O_CLOEXEC | O_NONBLOCK))
                })
            do throws(SystemError) {
                for path in paths {
                    _ = try retrying("inotify_add_watch") {
                        inotify_add_watch(watch.rawValue, path, UInt32(events))
                    }
                }
                return watch
            } catch {
                close(watch)
                throw error
            }
        }
    }
#endif
