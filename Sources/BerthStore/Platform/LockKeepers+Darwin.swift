// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin

    extension LockKeepers {
        /// Whether a process keeps a file locked for itself. The kernel does
        /// not tell who locked it, but who may write it: one who only looks at
        /// the file may not. The corresponding C function is `proc_pidfdinfo`.
        package static func keeps(
            _ process: Int32, _ file: FileIdentity, named name: String
        ) -> Bool {
            ProcessTable.files(of: process).contains { open in
                guard Int(open.proc_fdtype) == Int(PROX_FDTYPE_VNODE) else { return false }
                var facts = vnode_fdinfo()
                let size = Int32(MemoryLayout<vnode_fdinfo>.size)
                let number = open.proc_fd
                guard proc_pidfdinfo(process, number, PROC_PIDFDVNODEINFO, &facts, size) == size
                else { return false }
                let status = facts.pvi.vi_stat
                return UInt64(truncatingIfNeeded: status.vst_ino) == file.inode
                    && UInt64(truncatingIfNeeded: status.vst_dev)
                        == UInt64(UInt32(truncatingIfNeeded: file.device))
                    && Int(facts.pfi.fi_openflags) & Int(FWRITE) != 0
            }
        }
    }
#endif
