// SPDX-License-Identifier: Apache-2.0

/// How long a job that failed waits for its next attempt.
public struct JobBackoff: Hashable, Sendable {
    enum Curve: Hashable {
        /// n⁴ + 15 seconds after the n-th failure.
        case quartic
        /// A first delay that doubles with every failure.
        case doubling(Duration)
    }

    let curve: Curve
    /// The longest delay.
    let cap: Duration

    /// The longest delay where none is named.
    public static var defaultCap: Duration { .seconds(86_400) }

    /// n⁴ + 15 seconds after the n-th failure, 10 % more or less: 16 s, 31 s,
    /// 96 s, and so on up to a cap.
    public static func standard(cap: Duration = defaultCap) -> JobBackoff {
        JobBackoff(curve: .quartic, cap: cap)
    }

    /// A first delay, which doubles with every further failure up to a cap;
    /// 10 % more or less.
    public static func doubling(from first: Duration, cap: Duration = defaultCap) -> JobBackoff {
        JobBackoff(curve: .doubling(first), cap: cap)
    }

    /// The delay after so many failures, of which there is at least one.
    ///
    /// - Parameters:
    ///   - failures: How often the job has failed.
    ///   - jitter: From -1 to 1: the part of the 10 % by which the delay differs.
    /// - Returns: The delay.
    func delay(after failures: Int, jitter: Double) -> Duration {
        let milliseconds: Double
        switch curve {
        case .quartic:
            let n = Double(max(1, failures))
            milliseconds = (n * n * n * n + 15) * 1000
        case .doubling(let first):
            var delay = Double(first.milliseconds)
            for _ in 1..<max(2, min(failures, 64)) where failures > 1 { delay *= 2 }
            milliseconds = delay
        }
        let capped = min(milliseconds, Double(cap.milliseconds))
        return .milliseconds(Int64((capped * (1 + jitter / 10)).rounded()))
    }
}

extension Duration {
    /// Whole milliseconds; what is shorter is dropped.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflowed) = seconds.multipliedReportingOverflow(by: 1000)
        if overflowed { return seconds < 0 ? .min : .max }
        let (sum, carried) = product.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return carried ? .max : sum
    }
}
