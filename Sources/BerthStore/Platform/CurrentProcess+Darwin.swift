// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
    import Darwin

    extension CurrentProcess {
        /// A path by which a child can run this program once more. The
        /// corresponding C function is `_NSGetExecutablePath`.
        package static var executablePath: String? {
            var size: UInt32 = 4096
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(size)) { buffer in
                guard let base = buffer.baseAddress, _NSGetExecutablePath(base, &size) == 0 else {
                    return nil
                }
                return String(cString: base)
            }
        }
    }
#endif
