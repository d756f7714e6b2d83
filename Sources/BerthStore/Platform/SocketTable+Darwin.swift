// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin

    /// What the kernel says of sockets.
    package enum SocketTable {
        /// The sockets that have some ports, as far as the caller may look.
        /// The corresponding C functions are `proc_pidinfo`
        /// and `proc_pidfdinfo`.
        package static func uses(of ports: (Int) -> Bool) -> [SocketUse] {
            var uses: [SocketUse] = []
            for process in ProcessTable.all() {
                let user = user(of: process)
                for file in ProcessTable.files(of: process)
                where Int(file.proc_fdtype) == Int(PROX_FDTYPE_SOCKET) {
                    if let use = use(of: file.proc_fd, process, user), ports(use.port) {
                        uses.append(use)
                    }
                }
            }
            return uses
        }

        private static func user(of process: pid_t) -> UInt32? {
            var facts = proc_bsdinfo()
            let size = Int32(MemoryLayout<proc_bsdinfo>.size)
            let count = proc_pidinfo(process, PROC_PIDTBSDINFO, 0, &facts, size)
            return count == size ? facts.pbi_uid : nil
        }

        private static func use(
            of file: Int32, _ process: pid_t, _ user: UInt32?
        ) -> SocketUse? {
            var facts = socket_fdinfo()
            let size = Int32(MemoryLayout<socket_fdinfo>.size)
            guard proc_pidfdinfo(process, file, PROC_PIDFDSOCKETINFO, &facts, size) == size else {
                return nil
            }
            // What C gives no type is compared as plain integers.
            let isTCP = Int(facts.psi.soi_kind) == Int(SOCKINFO_TCP)
            guard isTCP || Int(facts.psi.soi_kind) == Int(SOCKINFO_IN) else { return nil }
            let end = isTCP ? facts.psi.soi_proto.pri_tcp.tcpsi_ini : facts.psi.soi_proto.pri_in
            let state = facts.psi.soi_proto.pri_tcp.tcpsi_state
            let port = Int(UInt16(truncatingIfNeeded: end.insi_lport).byteSwapped)
            guard port > 0 else { return nil }
            return SocketUse(
                place: PortProbe.Place(
                    isTCP: isTCP, isIPv4: Int(end.insi_vflag) & Int(INI_IPV4) != 0),
                port: port, isListening: !isTCP || Int(state) == Int(TSI_S_LISTEN),
                process: process,
                user: user, inode: 0)
        }
    }
#endif
