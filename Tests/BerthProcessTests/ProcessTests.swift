// SPDX-License-Identifier: Apache-2.0

import Testing

/// The tests that start real processes. One at a time: each starts many, and
/// two of them side by side would only wait for each other's.
@Suite("Processes", .serialized)
enum ProcessTests {}
