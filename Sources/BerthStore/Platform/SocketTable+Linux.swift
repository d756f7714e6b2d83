// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    /// What the kernel says of sockets.
    package enum SocketTable {
        private static var tables: [(name: String, place: PortProbe.Place)] {
            [
                ("tcp", PortProbe.Place(isTCP: true, isIPv4: true)),
                ("tcp6", PortProbe.Place(isTCP: true, isIPv4: false)),
                ("udp", PortProbe.Place(isTCP: false, isIPv4: true)),
                ("udp6", PortProbe.Place(isTCP: false, isIPv4: false)),
            ]
        }

        /// The largest table that is read: 100,000 sockets.
        private static var limit: Int { 16 * 1024 * 1024 }

        /// The sockets that have some ports. See `proc_net(5)` and
        /// `proc_pid_fd(5)`; what cannot be read is left out.
        package static func uses(of ports: (Int) -> Bool) -> [SocketUse] {
            var uses: [SocketUse] = []
            for (name, place) in tables {
                guard let text = try? ProcessFiles.readAll("/proc/net/" + name, limit: limit)
                else { continue }
                for line in text.split(separator: UInt8(ascii: "\n")).dropFirst() {
                    if let use = use(line, place), ports(use.port) { uses.append(use) }
                }
            }
            nameProcesses(of: &uses)
            return uses
        }

        /// `sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …`
        private static func use(
            _ line: ArraySlice<UInt8>, _ place: PortProbe.Place
        ) -> SocketUse? {
            let fields = line.split(separator: UInt8(ascii: " "))
            guard fields.count > 9, let colon = fields[1].firstIndex(of: UInt8(ascii: ":")),
                let port = hexadecimal(fields[1][(colon + 1)...]), port > 0,
                let inode = UInt64(decimal: fields[9])
            else { return nil }
            let isListening = !place.isTCP || fields[3].elementsEqual("0A".utf8)
            return SocketUse(
                place: place, port: port, isListening: isListening, process: nil,
                user: UInt32(decimal: fields[7]), inode: inode)
        }

        private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> Int? {
            var number = 0
            for digit in digits {
                guard let value = digit.hexadecimalDigit, number < 1 << 32 else { return nil }
                number = number << 4 | Int(value)
            }
            return number
        }

        /// Finds the processes by the sockets that they have open: those of
        /// others only where the caller may look.
        private static func nameProcesses(of uses: inout [SocketUse]) {
            var places: [UInt64: [Int]] = [:]
            for (place, use) in uses.enumerated() where use.inode != 0 {
                places[use.inode, default: []].append(place)
            }
            guard !places.isEmpty else { return }
            for process in ProcessTable.all() {
                guard !places.isEmpty else { return }
                let folder = "/proc/" + String(process) + "/fd"
                guard let files = try? FileCalls.openDirectory(folder) else { continue }
                defer { FileCalls.close(files) }
                for file in (try? FileCalls.entries(of: files)) ?? [] {
                    guard let target = try? FileCalls.linkTarget(file, in: files),
                        let inode = inode(target), let found = places.removeValue(forKey: inode)
                    else { continue }
                    for place in found { uses[place].process = process }
                }
            }
        }

        /// The number in `socket:[12345]`.
        private static func inode(_ target: [UInt8]) -> UInt64? {
            guard target.starts(with: "socket:[".utf8), target.last == UInt8(ascii: "]") else {
                return nil
            }
            return UInt64(decimal: target[8..<(target.count - 1)])
        }
    }
#endif
