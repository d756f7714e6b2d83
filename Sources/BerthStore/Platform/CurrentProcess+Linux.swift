// SPDX-License-Identifier: Apache-2.0

#if os(Linux)
    extension CurrentProcess {
        /// A path by which a child can run this program once more. See `proc(5)`.
        package static var executablePath: String? { "/proc/self/exe" }
    }
#endif
